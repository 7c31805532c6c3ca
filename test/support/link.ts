/**
 * A TCP proxy that stands for the network between programs. A cut network passes nothing on and says nothing: both sides
 * keep their connections, and what was sent arrives when it is healed, as with TCP.
 */
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

export interface Link extends AsyncDisposable {
  readonly port: number;
  /** @param from only connections from this address; absent: all */
  cut(from?: string): void;
  heal(): void;
}

type Change = (chunk: Buffer) => Buffer;

const unchanged: Change = (chunk) => chunk;

/**
 * @param target the port of the server on this machine
 * @param translate changes what the server sends, such as addresses in it
 */
export async function startLink(target: number, translate: Change = unchanged): Promise<Link> {
  /** Each connection to the proxy, with its connection to the server. */
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  let isCut: (near: Socket) => boolean = () => false;

  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    pass(near, far, unchanged);
    pass(far, near, translate);
    far.on('close', () => pairs.delete(pair));
    if (isCut(near)) for (const socket of pair) socket.pause();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => void server.once('listening', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');

  return {
    port: address.port,
    cut: (from) => {
      isCut = ({ remoteAddress }) => from === undefined || remoteAddress === from;
      for (const pair of pairs) if (isCut(pair[0])) for (const socket of pair) socket.pause();
    },
    heal: () => {
      isCut = () => false;
      for (const socket of [...pairs].flat()) socket.resume();
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => void server.close(resolve));
      for (const socket of [...pairs].flat()) socket.destroy();
      await closed;
    },
  };
}

function pass(from: Socket, to: Socket, change: Change): void {
  from.on('data', (chunk: Buffer) => void to.write(change(chunk)));
  // A reset comes without its data being read, so that it passes a cut network, too.
  from.on('error', () => undefined);
  from.on('close', () => to.end());
}
