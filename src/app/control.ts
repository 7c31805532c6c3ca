/** What commands may ask of the broker that runs. */
import { join } from 'node:path';
import { describeError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { askRunningBroker, openControlSocket } from '../platform/control-socket.ts';
import type { ControlAnswer, ControlRequest } from '../platform/control-socket.ts';
import type { Flush } from './flush.ts';

const socketIn = (stateDir: string): string => join(stateDir, 'control.sock');

/** Opens the socket for commands. Without one the broker serves all the same, and the log says so. */
export async function openControl(stateDir: string, flush: Flush, log: Log): Promise<AsyncDisposable | undefined> {
  try {
    return await openControlSocket(socketIn(stateDir), (request) => obey(request, flush));
  } catch (error) {
    log.warn('`fairlead flush` cannot reach this broker: SIGHUP does the same', { cause: describeError(error) });
    return undefined;
  }
}

function obey({ command, backend }: ControlRequest, flush: Flush): ControlAnswer {
  if (command !== 'flush') return { ok: false, said: `the broker that runs knows no command "${command}"` };
  if (!flush(backend)) return { ok: false, said: `the broker that runs has no backend "${backend ?? ''}"` };
  return { ok: true, said: `forgotten: what was remembered of logins${backend === undefined ? '' : ` at ${backend}`}` };
}

/**
 * Has the broker that runs with this state folder forget what it remembers of logins.
 *
 * @throws Error when none answers
 */
export function flushRunning(stateDir: string, backend: string | undefined): Promise<ControlAnswer> {
  return askRunningBroker(socketIn(stateDir), { command: 'flush', ...(backend === undefined ? {} : { backend }) });
}
