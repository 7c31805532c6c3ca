/** Whom `fairlead explain` is about: nobody, a user, a robot, or the owner of a token, within its limits. */
import { buildBackends } from '../app/backends.ts';
import { openTokenCallers } from '../app/token-callers.ts';
import { traitsOf } from '../backends/index.ts';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { robotsOf } from '../config/robots-schema.ts';
import { createSecrets } from '../config/secrets.ts';
import { ANONYMOUS } from '../core/identity.ts';
import type { Caller } from '../core/identity.ts';
import { isInNetworks } from '../core/personal-token.ts';
import type { Log } from '../core/ports.ts';
import { imaginedCaller } from '../core/policy/policy-test.ts';
import { looksLikeRobot, isRobotUsername, ROBOT_PREFIX } from '../core/robot-name.ts';
import { ownerText, robotIdentity, robotNamed } from '../core/robot.ts';
import { limitsOf } from '../core/token-limits.ts';
import { lookUpUser } from '../flows/look-up-user.ts';
import { listPersonalTokens } from '../flows/personal-token/list.ts';
import type { ListedToken } from '../flows/personal-token/list.ts';
import { systemClock } from '../platform/clock.ts';
import { UsageError } from './command.ts';
import { requireRobot } from './require-robot.ts';
import { writtenLimits } from './tokens/limits.ts';
import { shownPersonalToken, tokenText } from './tokens/list.ts';
import { withTokenStores } from './tokens/stores.ts';

export interface CallerOptions {
  readonly user?: string;
  readonly group?: readonly string[];
  readonly backend?: string;
  readonly tokenId?: string;
  readonly limit?: readonly string[];
  readonly client: string;
}

/** The caller, with the lines that describe it. */
interface ExplainedCaller {
  /** Anonymous when the token is refused. */
  readonly caller: Caller;
  readonly lines: readonly string[];
  /** The token, as `fairlead tokens list` shows it. */
  readonly token?: object;
  /** Why the token is refused. */
  readonly refusal?: string;
}

/** @throws UsageError when the options contradict each other, or name nobody */
export async function explainedCaller(
  options: CallerOptions,
  config: BrokerConfig,
  log: Log,
): Promise<ExplainedCaller> {
  const { tokenId, user, limit } = options;
  if (tokenId !== undefined) {
    if (user !== undefined || limit !== undefined) {
      throw new UsageError('--token-id needs neither --user nor --limit: the token has an owner and its own limits');
    }
    return tokenOwner(tokenId, config, options.client, log);
  }
  const caller = await callerFor(options, config, log);
  const lines = [whoLine(caller, config), ...caseLines(options, config)];
  if (limit === undefined) return { caller, lines };
  if (caller.kind === 'anonymous') throw new UsageError('--limit needs --user: a token has an owner');
  const limits = limitsOf(writtenLimits(limit, Object.keys(config.services)));
  return {
    caller: { ...caller, via: { kind: 'personal-token', id: '', ...(limits === undefined ? {} : { limits }) } },
    lines: [...lines, `by a token limited to ${limit.join('; ')}`],
  };
}

async function tokenOwner(id: string, config: BrokerConfig, client: string, log: Log): Promise<ExplainedCaller> {
  const explained = await withTokenStores<ExplainedCaller | undefined>(config, undefined, async (stores) => {
    const [token] = await listPersonalTokens(stores.personalTokens, { ids: [id] });
    if (token === undefined) return undefined;
    await using owners = await openTokenCallers(config, stores.accounts, log);
    const { caller, refusal } = isInNetworks(token.networks, client)
      ? await owners.callerOf(token)
      : { refusal: 'it may not be used from this address' };
    const [line, shown] = [tokenLine(token), shownPersonalToken(token)];
    if (caller !== undefined) return { caller, lines: [whoLine(caller, config), line], token: shown };
    const refused = `${shown.user}, whose token is refused: ${refusal}`;
    return { caller: ANONYMOUS, lines: [refused, line], token: shown, refusal };
  });
  if (explained !== undefined) return explained;
  throw new UsageError(`there is no personal token ${id}; see \`fairlead tokens list\``);
}

/** The token; that of a robot with the user who created it. */
function tokenLine(token: ListedToken): string {
  const { owner } = token;
  return `by ${tokenText(token)}${owner.kind === 'robot' ? `, created by ${owner.createdBy.username}` : ''}`;
}

/** Without --group, the backends are asked for the groups of the user. A robot is in none. */
export function isAskingBackends({ user, group, tokenId }: CallerOptions): boolean {
  return tokenId !== undefined || (user !== undefined && group === undefined && !looksLikeRobot(user));
}

async function callerFor({ user, group, backend }: CallerOptions, config: BrokerConfig, log: Log): Promise<Caller> {
  if (user === undefined && group !== undefined) throw new UsageError('--group needs --user');
  if (backend !== undefined && group === undefined) throw new UsageError('--backend needs --group');
  if (user !== undefined && looksLikeRobot(user)) return robotCaller(user, group, config);
  if (user === undefined || group !== undefined) {
    return imaginedCaller(user, group ?? [], isCaseless(config.backends, backend));
  }
  await using resources = new AsyncDisposableStack();
  const deps = { clock: systemClock, log, secret: createSecrets() };
  const backends = await buildBackends(config.backends, deps);
  for (const { authenticator } of backends) resources.use(authenticator);
  const found = await lookUpUser({ backends, clock: systemClock }, user);
  if (found.kind === 'found') return { kind: 'user', identity: found.identity };
  const { withoutLookUp } = found;
  const hint = withoutLookUp.length === 0 ? '' : ` (${withoutLookUp.join(', ')} cannot be asked without a password)`;
  throw new UsageError(`no backend knows the user "${user}"${hint}; give the groups with --group`);
}

function robotCaller(user: string, group: readonly string[] | undefined, { robots }: BrokerConfig): Caller {
  if (group !== undefined) throw new UsageError('--group needs a user: a robot is in no group');
  return { kind: 'user', identity: robotIdentity(requireRobot(robotsOf(robots), user).name) };
}

function isCaselessBackend(backend: BrokerConfig['backends'][number]): boolean {
  return traitsOf(backend).names === 'caseless';
}

/** Whether all backends, or the named one, compare names without case. */
function isCaseless(backends: BrokerConfig['backends'], name: string | undefined): boolean {
  const named = backends.filter((backend) => name === undefined || backend.name === name);
  if (name !== undefined && named.length === 0) {
    const known = backends.map((backend) => backend.name).join(', ');
    throw new UsageError(`the backend "${name}" is not configured; expected one of ${known}`);
  }
  return named.length > 0 && named.every(isCaselessBackend);
}

/** Which of them would know the user is open, and with it whether case matters. */
function caseLines({ user, group, backend }: CallerOptions, { backends }: BrokerConfig): readonly string[] {
  if (user === undefined || group === undefined || backend !== undefined) return [];
  const lower = backends.filter(isCaselessBackend).map(({ name }) => name);
  if (lower.length === 0 || lower.length === backends.length) return [];
  return [`names are compared by case; --backend ${lower.join(' or ')} takes them in lower case, as it gives them`];
}

function whoLine(caller: Caller, { robots }: BrokerConfig): string {
  if (caller.kind === 'anonymous') return 'anonymous';
  const { username, backend, caseless } = caller.identity;
  if (isRobotUsername(username)) {
    const robot = robotNamed(robotsOf(robots), username);
    const owner = robot === undefined ? '' : `, which belongs to ${ownerText(robot)}`;
    return `robot ${username.slice(ROBOT_PREFIX.length)}${owner}, in no group`;
  }
  const source =
    backend === ''
      ? `as given${caseless ? ', in lower case as a directory gives names' : ''}`
      : `from backend ${backend}`;
  const groups = [...caller.identity.groups];
  return `user ${username}, ${source}, groups: ${groups.length === 0 ? 'none' : groups.join('; ')}`;
}
