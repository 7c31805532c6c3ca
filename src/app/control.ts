/** What commands may ask of the broker that runs, or tell it. */
import { join } from 'node:path';
import { describeError } from '../core/errors.ts';
import type { Audit, Ids, Log } from '../core/ports.ts';
import { askRunningBroker, openControlSocket } from '../platform/control-socket.ts';
import type { ControlAnswer, ControlRequest } from '../platform/control-socket.ts';
import type { Flush } from './flush.ts';

const SOCKET = 'control.sock';
const socketIn = (stateDir: string): string => join(stateDir, SOCKET);

export interface ControlDeps {
  readonly flush: Flush;
  readonly audit: Audit;
  readonly ids: Ids;
  readonly log: Log;
}

/** A refresh token that a command has revoked; see `refreshTokenId`. */
export interface Revoked {
  readonly id: string;
  readonly user: string;
  readonly service: string;
  readonly backend: string;
}

/** Opens the socket for commands. Without one the broker serves all the same, and the log says so. */
export async function openControl(stateDir: string, deps: ControlDeps): Promise<AsyncDisposable | undefined> {
  try {
    return await openControlSocket(socketIn(stateDir), (request) => obey(request, deps));
  } catch (error) {
    deps.log.warn('`fairlead flush` cannot reach this broker: SIGHUP does the same', { cause: describeError(error) });
    return undefined;
  }
}

function obey(request: ControlRequest, deps: ControlDeps): ControlAnswer {
  switch (request.command) {
    case 'flush':
      return obeyFlush(request, deps);
    case 'revoked':
      return noteRevoked(request, deps);
    default:
      return { ok: false, said: `the broker that runs knows no command "${request.command}"` };
  }
}

function obeyFlush({ backend }: ControlRequest, { flush }: ControlDeps): ControlAnswer {
  if (!flush(backend)) return { ok: false, said: `the broker that runs has no backend "${backend ?? ''}"` };
  return { ok: true, said: `forgotten: what was remembered of logins${backend === undefined ? '' : ` at ${backend}`}` };
}

/** It is gone from the store already; this is for whoever reads the log. */
function noteRevoked({ id, user, service, backend }: ControlRequest, { audit, ids }: ControlDeps): ControlAnswer {
  if (id === undefined || user === undefined || service === undefined || backend === undefined) {
    return { ok: false, said: 'expected the id, user, service and backend of what was revoked' };
  }
  const request = { requestId: ids.next(), client: SOCKET };
  audit.record({ type: 'refresh-token', request, outcome: 'revoked', id, username: user, service, backend });
  return { ok: true, said: 'noted' };
}

/**
 * Has the broker that runs with this state folder forget what it remembers of logins.
 *
 * @throws Error when none answers
 */
export function flushRunning(stateDir: string, backend: string | undefined): Promise<ControlAnswer> {
  return askRunningBroker(socketIn(stateDir), { command: 'flush', ...(backend === undefined ? {} : { backend }) });
}

/**
 * Has the broker that runs with this state folder write into its log what was revoked.
 *
 * @throws Error when none answers
 */
export async function tellRevoked(stateDir: string, revoked: readonly Revoked[]): Promise<void> {
  for (const { id, user, service, backend } of revoked) {
    const { ok, said } = await askRunningBroker(socketIn(stateDir), { command: 'revoked', id, user, service, backend });
    if (!ok) throw new Error(said);
  }
}
