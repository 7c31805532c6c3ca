/** The commands that the running broker accepts on its control socket, and their senders. */
import { join } from 'node:path';
import { describeError } from '../core/errors.ts';
import type { Audit, Ids, Log } from '../core/ports.ts';
import { askRunningBroker, openControlSocket } from '../platform/control-socket.ts';
import type { ControlAnswer, ControlRequest } from '../platform/control-socket.ts';
import type { Flush } from './flush.ts';

const SOCKET = 'control.sock';
const socketIn = (stateDir: string): string => join(stateDir, SOCKET);

interface ControlDeps {
  readonly flush: Flush;
  /** Called for each refresh token that a command has revoked. */
  readonly onRevoked: () => void;
  readonly audit: Audit;
  readonly ids: Ids;
  readonly log: Log;
}

/** A refresh token that a command has revoked. `id`: see `refreshTokenId`. */
interface Revoked {
  readonly id: string;
  readonly user: string;
  readonly service: string;
  readonly backend: string;
}

/** Opens the control socket. If that fails, the log has a warning, and the broker runs without it. */
export async function openControl(stateDir: string, deps: ControlDeps): Promise<AsyncDisposable | undefined> {
  try {
    return await openControlSocket(socketIn(stateDir), (request) => handle(request, deps));
  } catch (error) {
    deps.log.warn('control socket unavailable: `fairlead flush` cannot reach this broker; send SIGHUP instead', {
      cause: describeError(error),
    });
    return undefined;
  }
}

async function handle(request: ControlRequest, deps: ControlDeps): Promise<ControlAnswer> {
  switch (request.command) {
    case 'flush':
      return handleFlush(request, deps);
    case 'revoked':
      return recordRevoked(request, deps);
    default:
      return { ok: false, said: `the running broker has no command "${request.command}"` };
  }
}

async function handleFlush({ backend }: ControlRequest, { flush }: ControlDeps): Promise<ControlAnswer> {
  if (!(await flush(backend))) return { ok: false, said: `the running broker has no backend "${backend ?? ''}"` };
  return { ok: true, said: `login cache flushed${backend === undefined ? '' : ` for backend ${backend}`}` };
}

/** The command has removed the token from the store already. This records it in the log. */
function recordRevoked(
  { id, user, service, backend }: ControlRequest,
  { audit, ids, onRevoked }: ControlDeps,
): ControlAnswer {
  if (id === undefined || user === undefined || service === undefined || backend === undefined) {
    return { ok: false, said: 'expected the id, user, service and backend of the revoked token' };
  }
  onRevoked();
  const request = { requestId: ids.next(), client: SOCKET };
  audit.record({ type: 'refresh-token', request, outcome: 'revoked', id, username: user, service, backend });
  return { ok: true, said: 'recorded' };
}

/**
 * Flushes the login cache of the broker that runs with this state folder.
 *
 * @throws Error when no broker answers
 */
export function flushRunning(stateDir: string, backend: string | undefined): Promise<ControlAnswer> {
  return askRunningBroker(socketIn(stateDir), { command: 'flush', ...(backend === undefined ? {} : { backend }) });
}

/**
 * Whether a broker runs with this state folder.
 *
 * @throws Error when that cannot be found out
 */
export async function isBrokerRunning(stateDir: string): Promise<boolean> {
  try {
    // Any answer is from a running broker, also that it does not know the command.
    await askRunningBroker(socketIn(stateDir), { command: 'status' });
    return true;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return false;
    throw error;
  }
}

/**
 * Records revoked tokens in the log of the broker that runs with this state folder.
 *
 * @throws Error when no broker answers
 */
export async function recordRevokedTokens(stateDir: string, revoked: readonly Revoked[]): Promise<void> {
  for (const { id, user, service, backend } of revoked) {
    const { ok, said } = await askRunningBroker(socketIn(stateDir), { command: 'revoked', id, user, service, backend });
    if (!ok) throw new Error(said);
  }
}
