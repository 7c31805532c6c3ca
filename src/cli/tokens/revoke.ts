/** `fairlead tokens revoke`: ends tokens of both kinds, also at running brokers. */
import { endTokensRunning, recordInBroker } from '../../app/control.ts';
import type { RecordsEvent } from '../../app/control.ts';
import type { TokenStores } from '../../app/token-stores.ts';
import { loadBroker } from '../../config/load.ts';
import { robotsOf } from '../../config/robots-schema.ts';
import { describeError } from '../../core/errors.ts';
import type { AuditEvent } from '../../core/events.ts';
import type { EventSink } from '../../core/ports.ts';
import { isRobotUsername } from '../../core/robot-name.ts';
import type { Robots } from '../../core/robot.ts';
import { createEndAccount } from '../../flows/end-account.ts';
import type { Ending } from '../../flows/end-account.ts';
import { keptPersonalTokens, revokePersonalTokens } from '../../flows/personal-token/revoke.ts';
import { keptRefreshTokens, revokeRefreshTokens } from '../../flows/refresh-token/revoke.ts';
import { keptSessions } from '../../flows/session/end.ts';
import { UsageError } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { noneText, personalSelection, refreshSelection } from './selection.ts';
import type { TokensOptions } from './selection.ts';
import { withTokenStores } from './stores.ts';

export interface RevokeOptions extends TokensOptions {
  readonly all?: true;
  readonly ids: readonly string[];
}

/** A running broker gives the events that it is sent a request of its own. */
export const OPERATOR: Ending = { request: { requestId: '', client: '' }, by: 'operator' };

type SessionEvent = Extract<AuditEvent, { readonly type: 'session' }>;

/** The events of a command. Those of tokens are sent to the broker that runs. */
export function collectEvents(): EventSink & { readonly events: RecordsEvent[]; readonly sessions: SessionEvent[] } {
  const events: RecordsEvent[] = [];
  const sessions: SessionEvent[] = [];
  return {
    events,
    sessions,
    record: (event) => {
      if (event.type === 'session') sessions.push(event);
      if (event.type === 'refresh-token' || event.type === 'personal-token') events.push(event);
    },
  };
}

export async function revokeTokens(options: RevokeOptions, output: Output): Promise<number> {
  const { ids, user, all } = options;
  if ([ids.length > 0, user !== undefined, all === true].filter(Boolean).length !== 1) {
    throw new UsageError('expected one of: ids that `fairlead tokens list` prints; --user; --all');
  }
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const audit = collectEvents();
  const endsAccount = isAccount(options);
  const failures = await withTokenStores(config, [], (stores) =>
    endsAccount
      ? endAccount(stores, user ?? '', { audit, robots: robotsOf(config.robots) })
      : revokeSelected(stores, options, audit),
  );
  for (const failure of failures) output.remark(`fairlead: NOT revoked: ${failure}`);
  const { events, sessions } = audit;
  const missing = ids.filter((id) => !events.some((event) => event.id === id));
  for (const id of missing) output.remark(`fairlead: there is no token ${id}`);
  if (events.length + sessions.length === 0 && missing.length === 0 && failures.length === 0) {
    output.remark(`fairlead: ${noneText(options, config)}`);
  }
  output.result([...events.map(revokedLine), ...sessions.map(endedLine)], {
    revoked: [...events.map(shownRevoked), ...sessions.map(shownEnded)],
    missing,
  });
  const isReached = await reportRevoked(config.stateDir, events, output, endsAccount);
  const isDone = events.length + sessions.length > 0 && missing.length === 0 && failures.length === 0 && isReached;
  return isDone ? EXIT.ok : EXIT.no;
}

/** Whether everything of a user ends, and not only what is of one registry or robot. */
function isAccount({ user, service }: RevokeOptions): boolean {
  return user !== undefined && service === undefined && !isRobotUsername(user);
}

/** @returns what could not be ended */
async function endAccount(
  stores: TokenStores,
  user: string,
  { audit, robots }: { readonly audit: EventSink; readonly robots: Robots },
): Promise<readonly string[]> {
  // A robot that is not configured any more belongs to nobody else either.
  const endsWithUser = (robot: string): boolean => robots.get(robot)?.ownedBy !== 'groups';
  const end = createEndAccount([
    keptRefreshTokens({ store: stores.refreshTokens, audit }),
    keptPersonalTokens({ store: stores.personalTokens, audit, endsWithUser }),
    keptSessions({ store: stores.sessions, audit }),
  ]);
  const { failed } = await end({ user }, OPERATOR);
  return failed.map(({ what, cause }) => `${what}: ${cause}`);
}

async function revokeSelected(
  { refreshTokens, personalTokens }: TokenStores,
  options: RevokeOptions,
  audit: EventSink,
): Promise<readonly string[]> {
  const { ids } = options;
  await revokeRefreshTokens({ store: refreshTokens, audit }, refreshSelection(options, ids), OPERATOR);
  const selection = personalSelection(options, ids);
  if (selection !== undefined) await revokePersonalTokens({ store: personalTokens, audit }, selection, OPERATOR);
  return [];
}

/**
 * Records the revocation in the log of a broker, and reaches all brokers.
 *
 * @returns false when a broker that runs was not reached: it may give out a signed token again for some seconds
 */
export async function reportRevoked(
  stateDir: string,
  events: readonly RecordsEvent[],
  output: Output,
  endsLogins = false,
): Promise<boolean> {
  if (events.length === 0 && !endsLogins) return true;
  try {
    await recordInBroker(stateDir, events);
    const problems = await endTokensRunning(stateDir, endsLogins);
    for (const problem of problems) output.remark(`fairlead: ${problem}`);
    return problems.length === 0;
  } catch (error) {
    const cause = error instanceof Error ? error.message : describeError(error);
    if (events.length > 0) output.remark(`fairlead: the broker did not log the revocation: ${cause}`);
    return true;
  }
}

export function revokedLine(event: RecordsEvent): string {
  const { id, username } = event;
  return event.type === 'refresh-token'
    ? `revoked ${id} of ${username} for ${event.service}`
    : `revoked ${id} of ${username}, named ${event.name}`;
}

function endedLine({ id, username }: SessionEvent): string {
  return `ended the session ${id} of ${username}`;
}

function shownEnded({ id, username: user, backend }: SessionEvent) {
  return { kind: 'session', id, user, backend };
}

export function shownRevoked(event: RecordsEvent) {
  const { id, username: user, backend } = event;
  return event.type === 'refresh-token'
    ? { kind: 'refresh-token', id, user, backend, service: event.service }
    : { kind: 'personal-token', id, user, backend, name: event.name };
}
