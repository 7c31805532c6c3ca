/**
 * The requests that wait for an answer, counted by network. To count them in the store takes milliseconds for each new
 * request, and nobody has to sign in to make one.
 */
import { networksOf } from '../../core/client-network.ts';
import type { DeviceRequest } from '../../core/device-request.ts';

export interface OpenRequests {
  count(): number;
  /** @param network a name as `networksOf` gives it */
  countOf(network: string): number;
  /** The widest network with the most open requests; undefined: none is open. */
  largestCrowd(): Crowd | undefined;
}

interface Crowd {
  readonly network: string;
  /** The keys of its open requests, the oldest first. */
  readonly keys: Iterable<string>;
}

interface OpenRequest {
  readonly networks: readonly string[];
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** The counts, which are changed with each request that is opened or ends. */
export class OpenRequestIndex implements OpenRequests {
  /** By key, the oldest first: all requests live equally long. */
  readonly #open = new Map<string, OpenRequest>();
  readonly #counts = new Map<string, number>();
  /** The keys of the open requests of each widest network, the oldest first. */
  readonly #crowds = new Map<string, Set<string>>();

  /** Adds a request that is open, and removes one that is not. */
  note(key: string, { state, client, expiresAt }: DeviceRequest, now: number): void {
    const isOpen = state === 'pending' && expiresAt > now;
    if (!isOpen) this.remove(key);
    else if (!this.#open.has(key)) this.#add(key, { networks: networksOf(client).map(({ name }) => name), expiresAt });
  }

  #add(key: string, request: OpenRequest): void {
    this.#open.set(key, request);
    for (const name of request.networks) this.#counts.set(name, this.countOf(name) + 1);
    const widest = widestOf(request);
    const crowd = this.#crowds.get(widest) ?? new Set();
    this.#crowds.set(widest, crowd.add(key));
  }

  remove(key: string): void {
    const request = this.#open.get(key);
    if (request === undefined) return;
    this.#open.delete(key);
    for (const name of request.networks) {
      const rest = this.countOf(name) - 1;
      if (rest > 0) this.#counts.set(name, rest);
      else this.#counts.delete(name);
    }
    const widest = widestOf(request);
    const crowd = this.#crowds.get(widest);
    crowd?.delete(key);
    if (crowd?.size === 0) this.#crowds.delete(widest);
  }

  removeExpired(now: number): void {
    for (const [key, { expiresAt }] of this.#open) {
      if (expiresAt > now) return;
      this.remove(key);
    }
  }

  clear(): void {
    this.#open.clear();
    this.#counts.clear();
    this.#crowds.clear();
  }

  count(): number {
    return this.#open.size;
  }

  countOf(network: string): number {
    return this.#counts.get(network) ?? 0;
  }

  largestCrowd(): Crowd | undefined {
    let largest: readonly [network: string, keys: ReadonlySet<string>] | undefined;
    for (const crowd of this.#crowds) if (largest === undefined || crowd[1].size > largest[1].size) largest = crowd;
    return largest === undefined ? undefined : { network: largest[0], keys: largest[1] };
  }
}

function widestOf({ networks }: OpenRequest): string {
  return networks.at(-1) ?? '';
}
