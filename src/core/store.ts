/** Places where things are remembered for a while. In memory now; a store that replicas share fulfils the same contract. */

/** Values by key, each with its time to live. What a full store forgets first is its own business. */
export interface Store<Value> {
  /** @returns undefined when nothing is held, or no longer. */
  get(key: string): Promise<Value | undefined>;
  put(key: string, value: Value, ttlSeconds: number): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Numbers by key that start at 0. */
export interface Counters {
  /**
   * Adds in one step that nobody else can come between.
   *
   * @param ttlSeconds how long the number lives from the moment it left 0
   * @returns the sum
   */
  add(key: string, amount: number, ttlSeconds: number): Promise<number>;
  remove(key: string): Promise<void>;
}

/** A keyed digest of some texts, unambiguous as to where one ends, which tells nothing about them without the key. */
export type Fingerprint = (...parts: readonly string[]) => string;
