/** The answer to a request that Node cannot parse. It is JSON, because containerd and docker print nothing useful otherwise. */
import type { Socket } from 'node:net';
import { errorBody } from './respond.ts';

/** Milliseconds in which the client reads the answer and closes its end. A client that does not would keep the socket. */
const LINGER_MS = 2000;

/** @returns the status of the answer; undefined if the connection accepts none */
export function answerParserError(error: NodeJS.ErrnoException, socket: Socket, requestId: string): number | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) return undefined;
  const [status, phrase, code] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([431, 'Request Header Fields Too Large', 'request_too_large'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([408, 'Request Timeout', 'invalid_request'] as const)
        : ([400, 'Bad Request', 'invalid_request'] as const);
  const body = errorBody(code, requestId);
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n` +
      `Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const end = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(end));
  return status;
}
