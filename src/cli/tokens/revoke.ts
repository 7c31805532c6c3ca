/** `fairlead tokens revoke`: ends tokens of both kinds. */
import { collecting, shownRevoked } from '../../app/api/shown-tokens.ts';
import { endableCredentials } from '../../app/api/endable-credentials.ts';
import { loadBroker } from '../../config/load.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { robotsOf } from '../../config/robots-schema.ts';
import { createEndAccount } from '../../flows/end-account.ts';
import type { Ending } from '../../flows/end-account.ts';
import { nothingEndedHint } from '../../flows/other-spellings.ts';
import { revokePersonalTokens } from '../../flows/personal-token/revoke.ts';
import { revokeRefreshTokens } from '../../flows/refresh-token/revoke.ts';
import type { ControlUnavailable } from '../../platform/control-socket.ts';
import { UsageError } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { atBroker, endAccountAtBrokers, revokeAtBrokers } from './at-broker.ts';
import type { Choice, Revoked, ShownRevoked } from './at-broker.ts';
import { noneText, personalSelection, refreshSelection, robotOf } from './selection.ts';
import type { TokensOptions } from './selection.ts';
import { withTokenStores } from './stores.ts';

export interface RevokeOptions extends TokensOptions {
  readonly all?: true;
  readonly ids: readonly string[];
}

/** Who ends something where no broker runs. */
export const OPERATOR: Ending = { request: { requestId: '', client: '' }, by: 'operator' };

export async function revokeTokens(options: RevokeOptions, output: Output): Promise<number> {
  const { ids, user, all } = options;
  if ([ids.length > 0, user !== undefined, all === true].filter(Boolean).length !== 1) {
    throw new UsageError('expected one of: ids that `fairlead tokens list` prints; --user; --all');
  }
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const { stateDir } = config;
  const { found, unavailable } = await atBroker(() =>
    isAccount(options) ? endAccountAtBrokers(stateDir, user ?? '') : revokeAtBrokers(stateDir, choiceOf(options)),
  );
  const { tokens, failures, problems, hint } = found ?? (await revokeStored(config, options));
  for (const failure of failures) output.remark(`fairlead: NOT revoked: ${failure}`);
  const missing = ids.filter((id) => !tokens.some((token) => token.id === id));
  for (const id of missing) output.remark(`fairlead: there is no token ${id}`);
  if (tokens.length === 0 && missing.length === 0 && failures.length === 0) {
    output.remark(`fairlead: ${hint ?? noneText(options, config)}`);
  }
  output.result(tokens.map(revokedLine), { revoked: tokens.map(revokedJson), missing });
  const isReached = reportReach(problems, tokens.length > 0 ? unavailable : undefined, output);
  return tokens.length > 0 && missing.length === 0 && failures.length === 0 && isReached ? EXIT.ok : EXIT.no;
}

/** Whether everything of a user ends, and not only what is of one registry or robot. */
function isAccount({ user, service }: RevokeOptions): boolean {
  return user !== undefined && service === undefined && robotOf(user) === undefined;
}

function choiceOf({ ids, user, service }: RevokeOptions): Choice {
  const robot = robotOf(user);
  if (ids.length > 0) return { ids: [...ids], service };
  if (robot !== undefined) return { robot, service };
  return user === undefined ? { all: true, service } : { user, service };
}

async function revokeStored(config: BrokerConfig, options: RevokeOptions): Promise<Revoked> {
  const { ids, user = '' } = options;
  const audit = collecting();
  const none: Pick<Revoked, 'failures' | 'hint'> = { failures: [] };
  const outcome = await withTokenStores(config, none, async (stores) => {
    if (isAccount(options)) {
      const end = createEndAccount(endableCredentials(stores, { audit, robots: robotsOf(config.robots) }));
      const found = await end({ user }, OPERATOR);
      const failures = found.failed.map(({ what, cause }) => `${what}: ${cause}`);
      return { failures, hint: await nothingEndedHint(user, found, stores) };
    }
    const { refreshTokens, personalTokens } = stores;
    await revokeRefreshTokens({ store: refreshTokens, audit }, refreshSelection(options, ids), OPERATOR);
    const selection = personalSelection(options, ids);
    if (selection !== undefined) await revokePersonalTokens({ store: personalTokens, audit }, selection, OPERATOR);
    return none;
  });
  return { tokens: audit.events.map(shownRevoked), problems: [], ...outcome };
}

/**
 * Says which brokers were not reached.
 *
 * @param unavailable why no broker could be asked, where tokens were revoked in the records alone
 * @returns false when a broker that runs was not reached: it may give out a signed token again for some seconds
 */
export function reportReach(
  problems: readonly string[],
  unavailable: ControlUnavailable | undefined,
  output: Output,
): boolean {
  for (const problem of problems) output.remark(`fairlead: ${problem}`);
  if (unavailable === undefined) return problems.length === 0;
  output.remark(`fairlead: the broker did not log the revocation: ${unavailable.message}`);
  return unavailable.reason === 'absent';
}

export function revokedLine({ kind, id, user, service, name }: ShownRevoked): string {
  if (kind === 'session') return `ended the session ${id} of ${user}`;
  return `revoked ${id} of ${user}${service === null ? '' : ` for ${service}`}${name === null ? '' : `, named ${name}`}`;
}

export function revokedJson({ service, name, ...token }: ShownRevoked) {
  return { ...token, ...(service === null ? {} : { service }), ...(name === null ? {} : { name }) };
}
