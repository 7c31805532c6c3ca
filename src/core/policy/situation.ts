/** The circumstances of a request: everything a decision depends on, except the scope. */
import type { Caller } from '../identity.ts';

export interface Situation {
  readonly caller: Caller;
  readonly service: string;
  /** The client's address. Empty: not known; no `clients` range contains it. */
  readonly client: string;
  /** The time of the request, in seconds since 1970-01-01T00:00:00Z. */
  readonly time: number;
}

/** The time of a request that no time was stated for. Searches and policy tests use it, so that they are deterministic. */
export const DEFAULT_TIME = 0;
