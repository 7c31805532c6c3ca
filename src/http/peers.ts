/** Finds what belongs to the TCP connection of a TLS session: Node has a socket for each, with the same addresses. */
import type { Socket } from 'node:net';

type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;
type RawSocket = Ends & { once(event: 'close', listener: () => void): unknown };

export class Peers<T> {
  readonly #byEnds = new Map<string, { readonly value: T }>();

  /** Keeps the value until the socket closes. Has no effect on a Unix socket, whose peers have no address. */
  set(raw: RawSocket, value: T): void {
    const ends = endsOf(raw);
    if (ends === undefined) return;
    const entry = { value };
    this.#byEnds.set(ends, entry);
    raw.once('close', () => {
      // A new connection from the same port may have been accepted before the end of this one was noticed.
      if (this.#byEnds.get(ends) === entry) this.#byEnds.delete(ends);
    });
  }

  get(socket: Ends): T | undefined {
    const ends = endsOf(socket);
    return ends === undefined ? undefined : this.#byEnds.get(ends)?.value;
  }
}

/** Both ends: a peer may use one port for connections to several addresses of this machine. */
function endsOf({ localAddress = '', localPort, remoteAddress = '', remotePort }: Ends): string | undefined {
  return remotePort === undefined ? undefined : `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
