/** A listener of the broker over a given handler, and clients that speak to it byte by byte. */
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import type { RequestListener } from 'node:http';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { CloseReason, ConnectionLimits } from '../../src/http/connections.ts';
import { listen } from '../../src/http/server.ts';
import type { Listener, ListenOptions } from '../../src/http/server.ts';
import { makeKey } from '../../src/platform/signing/keygen.ts';
import { countingIds, recordingLog } from './fakes.ts';
import { waitFor } from './wait.ts';

export interface TestListener extends AsyncDisposable {
  readonly listener: Listener;
  readonly port: number;
  readonly log: ReturnType<typeof recordingLog>;
  readonly closed: CloseReason[];
  /** Opens a TCP connection. */
  connect(ends?: Ends): Promise<Client>;
}

/** Addresses of this machine, any of 127.0.0.0/8. Defaults: 127.0.0.1 at both ends, and any port. */
interface Ends {
  readonly host?: string;
  readonly localAddress?: string;
  readonly localPort?: number;
}

export interface Client extends AsyncDisposable {
  readonly socket: Socket;
  send(data: string | Uint8Array): void;
  /** What has arrived. */
  text(): string;
  /** The number of responses that have begun to arrive. */
  responses(): number;
  readonly isClosed: () => boolean;
}

const LIMITS: ConnectionLimits = { max: 1000, handshakeMs: 10_000, answerMs: 60_000 };

export async function openListener(
  handler: RequestListener,
  {
    tls = false,
    host = '127.0.0.1',
    sendsProxyHeader,
    ...limits
  }: Partial<ConnectionLimits> &
    Pick<ListenOptions, 'sendsProxyHeader'> & { readonly tls?: boolean; readonly host?: string } = {},
): Promise<TestListener> {
  const log = recordingLog();
  const closed: CloseReason[] = [];
  const listener = await listen(handler, {
    address: { host, port: 0 },
    key: 'listen',
    tls: tls ? await certificate() : undefined,
    newRequestId: countingIds().next,
    limits: { ...LIMITS, ...limits },
    ...(sendsProxyHeader === undefined ? {} : { sendsProxyHeader }),
    onLimit: (reason) => void closed.push(reason),
    log,
  });
  const port = Number(new URL(listener.url).port);
  const clients: Client[] = [];
  return {
    listener,
    port,
    log,
    closed,
    connect: async (ends) => {
      const client = await openClient(port, ends);
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of clients) socket.destroy();
      await listener.close(0);
    },
  };
}

/** A certificate that verifies for no name: tests of handshakes do not verify. */
export async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const made = await makeKey('ES256', 'localhost');
  return { cert: made.certificate, key: made.key };
}

export async function openClient(port: number, ends: Ends = {}): Promise<Client> {
  // A half-open client notices when the other end closes, and does not close by itself.
  const socket = connectTcp({ host: '127.0.0.1', ...ends, port, allowHalfOpen: true });
  const connected = Promise.withResolvers<void>();
  socket.once('connect', connected.resolve).once('error', connected.reject);
  await connected.promise;
  let text = '';
  let isClosed = false;
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  socket.on('end', () => {
    isClosed = true;
  });
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('error', () => undefined);
  return {
    socket,
    send: (data) => void socket.write(data),
    text: () => text,
    responses: () => text.split('HTTP/1.1 ').length - 1,
    isClosed: () => isClosed,
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  };
}

/** The first message of a TLS client. */
export async function clientHello(): Promise<Buffer> {
  const written = Promise.withResolvers<Buffer>();
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.resolve(chunk);
      done();
    },
  });
  const socket = connectTls({ socket: wire, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  const hello = await written.promise;
  socket.destroy();
  return hello;
}

export function requestOf(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

export async function allClosed(clients: readonly Client[]): Promise<void> {
  await waitFor('the connections to be closed', () => clients.every(({ isClosed }) => isClosed()));
}
