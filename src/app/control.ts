/** The commands that a running broker accepts on its control socket, and their senders. */
import { describeError } from '../core/errors.ts';
import type { AuditEvent } from '../core/events.ts';
import type { Audit, Ids, Log } from '../core/ports.ts';
import type { ControlAnswer, ControlRequest } from '../platform/control-socket.ts';
import { askRunningBrokers, hasRunningBroker, openOwnControlSocket } from '../platform/control-sockets.ts';
import type { ControlAnswers } from '../platform/control-sockets.ts';
import type { SharedFleet } from '../platform/valkey/shared-store.ts';
import { reachFleet } from './fleet-flush.ts';
import type { Flush } from './flush.ts';

/** What the audit trail names as the client of a command. */
const SOCKET = 'control.sock';

interface ControlDeps {
  readonly flush: Flush;
  /** Called for each token that a command has revoked. */
  readonly onRevoked: () => void;
  /** Ends the cached logins of all backends. */
  readonly endLogins: () => Promise<void>;
  /** Absent: this broker shares nothing. */
  readonly fleet?: SharedFleet | undefined;
  readonly audit: Audit;
  readonly ids: Ids;
  readonly log: Log;
}

/** What a command has done to the records. The running broker logs it. */
export type RecordsEvent = Extract<AuditEvent, { readonly type: 'refresh-token' | 'personal-token' }>;

/** Opens the control socket. If that fails, the log has a warning, and the broker runs without it. */
export async function openControl(stateDir: string, deps: ControlDeps): Promise<AsyncDisposable | undefined> {
  try {
    return await openOwnControlSocket(stateDir, (request) => handle(request, deps));
  } catch (error) {
    deps.log.warn('control socket unavailable: `fairlead flush` cannot reach this broker; send SIGHUP instead', {
      cause: describeError(error),
    });
    return undefined;
  }
}

async function handle(request: ControlRequest, deps: ControlDeps): Promise<ControlAnswer> {
  switch (request.command) {
    case 'ping':
      return { ok: true, said: 'alive' };
    case 'flush':
      return handleFlush(request, deps);
    case 'revoked':
      return recordRevoked(request, deps);
    case 'personal-token':
      return recordPersonalToken(request, deps);
    case 'end-tokens':
      return endTokens(request, deps);
    case 'fleet':
      return listFleet(deps);
    default:
      return { ok: false, said: `the running broker has no command "${request.command}"` };
  }
}

async function handleFlush({ backend }: ControlRequest, { flush, fleet }: ControlDeps): Promise<ControlAnswer> {
  if (!(await flush(backend))) return { ok: false, said: `the running broker has no backend "${backend ?? ''}"` };
  const { isComplete, text } = await reachFleet(fleet);
  return {
    ok: isComplete,
    said: `login cache flushed${backend === undefined ? '' : ` for backend ${backend}`}${text}`,
  };
}

/** The command has removed the token from the store already. This records it in the log. */
function recordRevoked(
  { id, user, service, backend, cause }: ControlRequest,
  { audit, ids, onRevoked }: ControlDeps,
): ControlAnswer {
  if (id === undefined || user === undefined || service === undefined || backend === undefined) {
    return { ok: false, said: 'expected the id, user, service and backend of the revoked token' };
  }
  onRevoked();
  const request = { requestId: ids.next(), client: SOCKET };
  const why = cause === undefined ? {} : { cause };
  audit.record({ type: 'refresh-token', request, outcome: 'revoked', id, username: user, service, backend, ...why });
  return { ok: true, said: 'recorded' };
}

/** A command has made a personal token, or has removed one from the store. */
async function recordPersonalToken(
  { outcome, id, name, user, backend, by, cause }: ControlRequest,
  { audit, ids, onRevoked }: ControlDeps,
): Promise<ControlAnswer> {
  const isComplete = [id, name, user, backend, by].every((text) => text !== undefined);
  if (!isComplete || (outcome !== 'created' && outcome !== 'withheld' && outcome !== 'revoked')) {
    return { ok: false, said: 'expected the outcome, id, name, user, backend and creator of the token' };
  }
  if (outcome === 'revoked') onRevoked();
  const request = { requestId: ids.next(), client: SOCKET };
  const about = definedOnly({ id, name, username: user, backend, by, cause });
  try {
    // A token is stored after this.
    await audit.commit([{ type: 'personal-token', request, outcome, ...about }]);
  } catch (error) {
    return { ok: false, said: describeError(error) };
  }
  return { ok: true, said: 'recorded' };
}

function definedOnly<Key extends string>(
  texts: Readonly<Record<Key, string | undefined>>,
): Partial<Record<Key, string>> {
  const defined = Object.entries(texts).filter(([, text]) => text !== undefined);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same keys, without those that have no value
  return Object.fromEntries(defined) as Partial<Record<Key, string>>;
}

/**
 * No broker gives out a token again that it signed before the revocation. With `logins: end`, the cached logins of all users
 * end as well: which of them belong to the account of the command is not known.
 */
async function endTokens({ logins }: ControlRequest, deps: ControlDeps): Promise<ControlAnswer> {
  const { fleet, onRevoked, endLogins } = deps;
  onRevoked();
  try {
    if (logins === 'end') await endLogins();
    await fleet?.endTokens();
  } catch (error) {
    return { ok: false, said: `the shared store is down, and other brokers were not reached: ${describeError(error)}` };
  }
  const { isComplete, text } = await reachFleet(fleet);
  return { ok: isComplete, said: `revoked${text}` };
}

function listFleet({ fleet }: ControlDeps): ControlAnswer {
  if (fleet === undefined) return { ok: false, said: 'this broker is alone: `shared` is not configured' };
  const down = fleet.down();
  if (down !== undefined) return { ok: false, said: `the shared store is down, and lists no brokers: ${down}` };
  return { ok: true, said: fleet.name, data: { brokers: fleet.members(), unreadable: fleet.unreadable() } };
}

/**
 * Whether a broker runs with this state folder.
 *
 * @throws Error when that cannot be found out
 */
export function isBrokerRunning(stateDir: string): Promise<boolean> {
  return hasRunningBroker(stateDir);
}

/**
 * Flushes the login cache of the brokers that run with this state folder, and of their fleet.
 *
 * @throws Error when no broker answers
 */
export function flushRunning(stateDir: string, backend: string | undefined): Promise<ControlAnswers> {
  return askRunningBrokers(stateDir, { command: 'flush', ...(backend === undefined ? {} : { backend }) });
}

/** The brokers of the fleet, as one that runs with this state folder sees them. @throws Error when no broker answers */
export async function listRunning(stateDir: string): Promise<ControlAnswer> {
  const { answers, silent } = await askRunningBrokers(stateDir, { command: 'fleet' }, 1);
  return answers[0] ?? { ok: false, said: `the broker at ${silent.join(', ')} does not answer` };
}

/**
 * Records in the log of a broker that runs with this state folder what a command has done to the records.
 *
 * @throws Error when no broker answers
 */
export async function recordInBroker(stateDir: string, events: readonly RecordsEvent[]): Promise<void> {
  for (const event of events) {
    const { answers } = await askRunningBrokers(stateDir, controlRequest(event), 1);
    for (const { ok, said } of answers) if (!ok) throw new Error(said);
  }
}

function controlRequest(event: RecordsEvent): ControlRequest {
  const { id = '', username: user = '', backend = '', cause } = event;
  const about = { id, user, backend, ...(cause === undefined ? {} : { cause }) };
  if (event.type === 'refresh-token') return { command: 'revoked', service: event.service, ...about };
  const { name = '', by = '', outcome } = event;
  return { command: 'personal-token', outcome, name, by, ...about };
}

/**
 * Reaches all brokers after tokens were revoked: none gives out a signed token again, and none answers from its cache of
 * logins where `endsLogins` says so.
 *
 * @returns what was not reached, as sentences
 * @throws Error when no broker answers
 */
export async function endTokensRunning(stateDir: string, endsLogins: boolean): Promise<readonly string[]> {
  const request = { command: 'end-tokens', ...(endsLogins ? { logins: 'end' } : {}) };
  const { answers, silent } = await askRunningBrokers(stateDir, request);
  const problems = answers.filter(({ ok }) => !ok).map(({ said }) => said);
  return [...problems, ...silent.map((socket) => `the broker at ${socket} does not answer`)];
}
