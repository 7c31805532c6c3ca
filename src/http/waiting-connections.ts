/** Connections that wait for their client, in the order in which they are closed when there are too many. */

/**
 * `silent`: no request so far. `idle`: between two requests. `receiving`: the body of a request has not arrived. A
 * client notices the end of an idle connection least.
 */
const STATES = ['silent', 'idle', 'receiving'] as const;
export type WaitState = (typeof STATES)[number];

interface Network<T> {
  readonly name: string;
  readonly connections: Readonly<Record<WaitState, Set<T>>>;
  size: number;
}

export class WaitingConnections<T> {
  /** In the order in which they have had connections without a break. */
  readonly #networks = new Map<string, Network<T>>();
  /** A network stays while it is the last one without connections: most often, its next one follows at once. */
  #empty: Network<T> | undefined;
  readonly #places = new Map<T, { readonly network: Network<T>; readonly state: WaitState }>();

  add(connection: T, networkName: string, state: WaitState): void {
    this.delete(connection);
    const network = this.#networks.get(networkName) ?? emptyNetwork<T>(networkName);
    // One that was empty comes last: of networks of the same size, the first closes a connection.
    if (network.size === 0) this.#networks.delete(networkName);
    this.#networks.set(networkName, network);
    network.connections[state].add(connection);
    network.size += 1;
    this.#places.set(connection, { network, state });
  }

  delete(connection: T): void {
    const place = this.#places.get(connection);
    if (place === undefined) return;
    const { network, state } = place;
    this.#places.delete(connection);
    network.connections[state].delete(connection);
    network.size -= 1;
    if (network.size === 0) this.#keepEmpty(network);
  }

  #keepEmpty(network: Network<T>): void {
    const last = this.#empty;
    if (last?.size === 0 && last !== network) this.#networks.delete(last.name);
    this.#empty = network;
  }

  /**
   * The connection to close first: of the network with the most of them, so that a flood closes its own connections, and
   * there the oldest in the first state that has any. Of networks with the same number, the one that has waited longest
   * is the first.
   */
  first(): T | undefined {
    const networks = [...this.#networks.values()];
    const most = networks.reduce((size, network) => Math.max(size, network.size), 0);
    const largest = networks.filter(({ size }) => size === most);
    for (const state of STATES) {
      for (const { connections } of largest) for (const connection of connections[state]) return connection;
    }
    return undefined;
  }
}

function emptyNetwork<T>(name: string): Network<T> {
  return { name, connections: { silent: new Set(), idle: new Set(), receiving: new Set() }, size: 0 };
}
