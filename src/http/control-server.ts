/** The HTTP server of the control socket: the API, for whoever may open the socket. */
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { Socket } from 'node:net';
import { errorBody } from './respond.ts';
import { HTTP_LIMITS } from './server.ts';

/** Commands, and scripts of operators. */
const MAX_CONNECTIONS = 32;

/** @param newRequestId for the answer to what is no HTTP */
export function createControlServer(handler: RequestListener, newRequestId: () => string): Server {
  const server = createServer({ ...HTTP_LIMITS, requireHostHeader: false }, handler);
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', (error: Error & { readonly rawPacket?: Buffer }, socket) => {
    if (!(socket instanceof Socket) || !socket.writable) return void socket.destroy();
    socket.end(isOlderCommand(error.rawPacket) ? OLDER_ANSWER : badRequest(newRequestId()));
  });
  return server;
}

/** Commands up to 0.1 sent one line of JSON, and read one. */
function isOlderCommand(packet: Buffer | undefined): boolean {
  return packet?.[0] === '{'.charCodeAt(0);
}

const OLDER_ANSWER = `${JSON.stringify({
  ok: false,
  said: 'the running broker is of a newer version than this command: use the command of its version',
})}\n`;

function badRequest(requestId: string): string {
  const body = errorBody('invalid_request', requestId);
  return (
    'HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n' +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}
