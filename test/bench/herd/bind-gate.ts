/** A proxy in front of a directory that lets through a fixed number of binds a second, as a directory under load does. */
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { startTcpStandIn } from '../../support/tcp-stand-in.ts';

export interface BindGate extends AsyncDisposable {
  /** `ldap://127.0.0.1:PORT` */
  readonly url: string;
  /** How many binds have passed since the start. */
  binds(): number;
}

/** The tag of a BindRequest (RFC 4511, section 4.2). */
const BIND_REQUEST = 0x60;

export async function startBindGate(directoryPort: number, bindsPerSecond: number): Promise<BindGate> {
  let passed = 0;
  let nextAt = 0;

  /** Waits for the turn of a bind. */
  async function turn(): Promise<void> {
    passed += 1;
    nextAt = Math.max(performance.now(), nextAt) + 1000 / bindsPerSecond;
    await delay(nextAt - performance.now());
  }

  async function forward(client: Socket, directory: Socket): Promise<void> {
    let received = Buffer.alloc(0);
    for await (const chunk of client as AsyncIterable<Buffer>) {
      received = Buffer.concat([received, chunk]);
      for (let end = messageEnd(received); end !== undefined; end = messageEnd(received)) {
        const message = received.subarray(0, end);
        received = received.subarray(end);
        if (operationTag(message) === BIND_REQUEST) await turn();
        directory.write(message);
      }
    }
    directory.end();
  }

  const server = await startTcpStandIn((client) => {
    const directory = connect({ port: directoryPort, host: '127.0.0.1', noDelay: true });
    directory.on('error', () => client.destroy());
    directory.pipe(client);
    forward(client, directory).catch(() => directory.destroy());
  });
  return { url: server.url, binds: () => passed, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** @returns where the first LDAPMessage ends; undefined if it is not complete */
function messageEnd(bytes: Buffer): number | undefined {
  const [first, lengthAt] = [bytes[1], 2];
  if (first === undefined) return undefined;
  if (first < 0x80) return complete(bytes, lengthAt + first);
  const octets = first & 0x7f;
  if (bytes.length < lengthAt + octets) return undefined;
  return complete(bytes, lengthAt + octets + bytes.readUIntBE(lengthAt, octets));
}

const complete = (bytes: Buffer, end: number): number | undefined => (bytes.length < end ? undefined : end);

/** The tag after the message id, which is an INTEGER of at most four bytes. */
function operationTag(message: Buffer): number | undefined {
  const first = message[1] ?? 0;
  const idAt = first < 0x80 ? 2 : 2 + (first & 0x7f);
  return message[idAt + 2 + (message[idAt + 1] ?? 0)];
}
