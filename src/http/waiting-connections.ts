/**
 * Connections that wait for their client, in the order in which they are closed when there are too many.
 *
 * Each request moves its connection three times. The lists are linked, so that a move allocates nothing: the tables of a
 * `Map` or a `Set` would fill the old generation (see `ShortLivedMap`).
 */

/**
 * `silent`: no request so far. `idle`: between two requests. `receiving`: the body of a request has not arrived. A
 * client notices the end of an idle connection least.
 */
const STATES = ['silent', 'idle', 'receiving'] as const;
export type WaitState = (typeof STATES)[number];

interface Network<T> {
  readonly name: string;
  readonly waiting: Readonly<Record<WaitState, List<T>>>;
  /** The number of connections that wait. */
  size: number;
  /** The number of connections, with those that do not wait. */
  open: number;
}

/** The oldest connection is the first. */
interface List<T> {
  first: Place<T> | undefined;
  last: Place<T> | undefined;
}

interface Place<T> {
  readonly connection: T;
  readonly network: Network<T>;
  /** Undefined: it does not wait. */
  list: List<T> | undefined;
  /** Larger than that of each place whose connection has waited longer. */
  since: number;
  before: Place<T> | undefined;
  after: Place<T> | undefined;
}

export class WaitingConnections<T> {
  readonly #networks = new Map<string, Network<T>>();
  readonly #places = new Map<T, Place<T>>();
  #waits = 0;

  /**
   * Puts the connection behind the others that wait in the same state.
   *
   * @param state `busy`: it does not wait
   */
  set(connection: T, networkName: string, state: WaitState | 'busy'): void {
    const place = this.#placeOf(connection, networkName);
    leave(place);
    if (state !== 'busy') enter(place, state, (this.#waits += 1));
  }

  delete(connection: T): void {
    const place = this.#places.get(connection);
    if (place === undefined) return;
    const { network } = place;
    leave(place);
    this.#places.delete(connection);
    network.open -= 1;
    if (network.open === 0) this.#networks.delete(network.name);
  }

  /**
   * The connection to close first: of the network with the most of them, so that a flood closes its own connections, and
   * there the one that has waited longest in the first state that has any. Networks with the same number count as one:
   * the client that sends most requests must not lose its connection again and again.
   */
  first(): T | undefined {
    const networks = [...this.#networks.values()];
    const most = networks.reduce((size, network) => Math.max(size, network.size), 0);
    const largest = networks.filter(({ size }) => size === most);
    for (const state of STATES) {
      let longest: Place<T> | undefined;
      for (const { waiting } of largest) {
        const { first } = waiting[state];
        if (first !== undefined && first.since < (longest?.since ?? Infinity)) longest = first;
      }
      if (longest !== undefined) return longest.connection;
    }
    return undefined;
  }

  #placeOf(connection: T, networkName: string): Place<T> {
    const known = this.#places.get(connection);
    if (known?.network.name === networkName) return known;
    this.delete(connection);
    const network = this.#networks.get(networkName) ?? emptyNetwork<T>(networkName);
    this.#networks.set(networkName, network);
    network.open += 1;
    const place = { connection, network, list: undefined, since: 0, before: undefined, after: undefined };
    this.#places.set(connection, place);
    return place;
  }
}

function emptyNetwork<T>(name: string): Network<T> {
  const list = (): List<T> => ({ first: undefined, last: undefined });
  return { name, waiting: { silent: list(), idle: list(), receiving: list() }, size: 0, open: 0 };
}

function enter<T>(place: Place<T>, state: WaitState, since: number): void {
  const list = place.network.waiting[state];
  place.list = list;
  place.since = since;
  place.before = list.last;
  if (list.last === undefined) list.first = place;
  else list.last.after = place;
  list.last = place;
  place.network.size += 1;
}

function leave<T>(place: Place<T>): void {
  const { list, before, after } = place;
  if (list === undefined) return;
  if (before === undefined) list.first = after;
  else before.after = after;
  if (after === undefined) list.last = before;
  else after.before = before;
  place.list = undefined;
  place.before = undefined;
  place.after = undefined;
  place.network.size -= 1;
}
