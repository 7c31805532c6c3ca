/** One request on an open connection: it is sent, and its answer is read within a time limit. */
import type { Deadline } from '../../../core/deadline.ts';
import type { ControlSupport } from './control-support.ts';
import type { DeadlineTimer } from './deadline-timer.ts';
import type { Endpoint } from './endpoint.ts';
import { DirectoryFault, lateFault } from './fault.ts';
import type { MessageSocket, Answer, Request } from './message-socket.ts';

/** An open connection. */
export interface Session {
  readonly endpoint: Endpoint;
  readonly messages: MessageSocket;
  readonly operationTimeout: number;
  readonly controls: ControlSupport;
  readonly timer: DeadlineTimer;
  isAnonymous: boolean;
}

/**
 * Sends one request and reads its answer within its time limit.
 *
 * @param request gives the request, for the time that is left
 * @param read reads the answer. What it throws closes the connection.
 * @throws DirectoryFault with `sent: false` when no request was handed to the socket
 */
export async function operate<T>(
  { endpoint, messages, operationTimeout, timer }: Session,
  what: string,
  deadline: Deadline,
  request: (limit: Deadline) => Request,
  read: (answer: Answer) => T,
): Promise<T> {
  if (messages.destroyed) throw faultOfClosed(messages, endpoint).with({ sent: false });
  const requestsBefore = messages.requests;
  const limit = deadline.within(operationTimeout);
  const timed = timer.start(limit, () => messages.destroy(lateFault(endpoint.url, what, deadline)));
  try {
    return read(await messages.exchange(request(limit)));
  } catch (error) {
    const fault = messages.destroyed ? faultOfClosed(messages, endpoint) : faultOfUnreadable(endpoint, what, error);
    messages.destroy(fault);
    throw messages.requests === requestsBefore ? fault.with({ sent: false }) : fault;
  } finally {
    timer.stop(timed);
  }
}

function faultOfClosed({ fault }: MessageSocket, { url }: Endpoint): DirectoryFault {
  return fault ?? new DirectoryFault('lost', `${url}: the connection is closed`);
}

function faultOfUnreadable({ url }: Endpoint, what: string, cause: unknown): DirectoryFault {
  return new DirectoryFault('lost', `${url}: an answer that cannot be read while ${what}`, { cause });
}
