/** Sends bytes that no HTTP library would send, and reads what comes back. */
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { endpointOf } from './endpoint.ts';
import { NoAnswer } from './send.ts';

const MAX_BYTES = 64 * 1024;
const SECOND_ANSWER_MS = 200;

/** How a server reacted to bytes. */
export interface Reaction {
  /** What it sent, up to 64 KiB; empty when it closed the connection without a word. */
  readonly text: string;
  /** The status of the first answer; undefined when there is none. */
  readonly status: number | undefined;
  /** Whether it neither answered nor closed the connection in time. */
  readonly isSilent: boolean;
}

/** @throws NoAnswer when there is no connection */
export function sendBytes(
  origin: URL,
  bytes: string,
  tls: { readonly ca?: string },
  timeoutMs: number,
): Promise<Reaction> {
  const { promise, resolve, reject } = Promise.withResolvers<Reaction>();
  const { host, port, isTls } = endpointOf(origin);
  // A server name is a name, and never an address (RFC 6066, section 3).
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = isTls ? connectTls({ host, port, ...name, ...tls }) : connect({ host, port });
  let text = '';
  let isConnected = false;
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = text === '';
    socket.destroy();
  }, timeoutMs);
  socket.setEncoding('latin1');
  socket.once(isTls ? 'secureConnect' : 'connect', () => {
    isConnected = true;
    socket.write(bytes, 'latin1');
  });
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > MAX_BYTES) socket.destroy();
    // A second answer, to what the bytes smuggle in, follows within this time.
    else if (isWhole(text)) setTimeout(() => socket.destroy(), SECOND_ANSWER_MS);
  });
  socket.on('error', (error) => {
    if (!isConnected) reject(new NoAnswer(`no connection: ${error.message}`, { cause: error }));
  });
  socket.on('close', () => {
    clearTimeout(timer);
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
    resolve({ text, status: status === undefined ? undefined : Number(status), isSilent });
  });
  return promise;
}

/** Whether the first answer has ended, as far as its Content-Length says. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /^content-length: *(\d+)\r$/im.exec(text)?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}
