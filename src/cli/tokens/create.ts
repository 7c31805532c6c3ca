/** `fairlead tokens create`: makes a personal token for a user or a robot and prints it once. */
import { personalTokenOf } from '../../app/api/shown-tokens.ts';
import { createTokenForUser } from '../../app/create-token.ts';
import { patient } from '../../app/open-records.ts';
import { duration } from '../../backends/fields.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { loadBroker } from '../../config/load.ts';
import { robotsOf } from '../../config/robots-schema.ts';
import type { ApiAccess, StoredLimit } from '../../core/token-limits.ts';
import type { Log } from '../../core/ports.ts';
import type { UserTokenOrder } from '../../flows/personal-token/issue-for-user.ts';
import type { Answer } from '../../http/api/operations.ts';
import { collectRemarks } from '../backend-remarks.ts';
import { UsageError } from '../command.ts';
import type { SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { requireRobot } from '../require-robot.ts';
import { atBroker, createTokenAtBroker } from './at-broker.ts';
import { personalTokenJson } from './list.ts';
import { parseLimit } from './limits.ts';

interface CreateOptions extends SharedOptions {
  /** The user whose token it is; or with `robot`, its owner `by`. */
  readonly for?: string;
  readonly robot?: string;
  readonly by?: string;
  readonly backend?: string;
  readonly name: string;
  /** Each `SERVICE PATTERN[,PATTERN] ACTION[,ACTION]`. */
  readonly limit?: readonly string[];
  /** False: no registry at all. */
  readonly registries: boolean;
  readonly api?: ApiAccess;
  readonly expires?: string;
  readonly from?: readonly string[];
}

const lifetime = duration({ min: 1, max: 3660 * 86_400 });

export async function createToken(options: CreateOptions, output: Output): Promise<number> {
  const { backend, name, api, from: networks } = options;
  const { config } = await loadBroker(options.config);
  const owner = ownerOf(options, config);
  const order = { ...owner, backend, name, api, networks, limits: limitsOf(options), lifetime: lifetimeOf(options) };
  const { personalTokens } = config;
  if (personalTokens === undefined) {
    throw new UsageError('personal tokens are not offered: add `personalTokens: {}` to the configuration');
  }
  const remarks = collectRemarks();
  const { found } = await atBroker(() => createTokenAtBroker(config.stateDir, requestOf(order)));
  const made = found ?? (await createStored({ ...patient(config), personalTokens }, order, remarks.log));
  for (const line of remarks.lines()) output.remark(`warning: ${line}`);
  const { token, personalToken } = made;
  const shown = personalTokenJson(personalToken);
  output.remark(
    `fairlead: token ${shown.id} (${name}) of ${shown.user}, valid until ${shown.expires}; it is shown this once`,
  );
  output.result([token], { token, ...shown });
  return EXIT.ok;
}

function requestOf({ lifetime: seconds, limits, networks, ...order }: UserTokenOrder) {
  return {
    ...order,
    limits: limits?.map(({ service, repositories, actions }) => ({
      service,
      repositories: [...repositories],
      actions: [...actions],
    })),
    networks: networks === undefined ? undefined : [...networks],
    lifetimeSeconds: seconds,
  };
}

async function createStored(
  config: Parameters<typeof createTokenForUser>[0],
  order: UserTokenOrder,
  log: Log,
): Promise<Answer<'createPersonalToken'>> {
  const issued = await createTokenForUser(config, order, log);
  if (issued.kind === 'refused') throw new UsageError(issued.problem);
  const { token, id, record } = issued;
  return { token: token.reveal(), personalToken: personalTokenOf({ id, ...record }) };
}

/** Either a user, or a robot and the user who owns it. */
function ownerOf({ for: user, robot: text, by }: CreateOptions, { robots }: BrokerConfig) {
  if (user !== undefined && text === undefined && by === undefined) return { user };
  if (user !== undefined || text === undefined || by === undefined) {
    throw new UsageError('expected --for USER; or --robot NAME and --by USER, who owns the robot');
  }
  const { name: robot } = requireRobot(robotsOf(robots), text);
  return { user: by, robot };
}

function limitsOf({ limit, registries }: CreateOptions): readonly StoredLimit[] | undefined {
  if (!registries && limit !== undefined) throw new UsageError('expected --limit or --no-registries, found both');
  return registries ? limit?.map(parseLimit) : [];
}

function lifetimeOf({ expires }: CreateOptions): number | undefined {
  if (expires === undefined) return undefined;
  const parsed = lifetime.safeParse(expires);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--expires ${expires}: expected a duration, such as 12h or 30d`);
}
