/**
 * Places where things are remembered for a while: in memory, or in a file that outlives the process. Those of memory
 * and those of a file fulfil the same contract, and so would one that replicas share.
 */

/** Values by key, each with its time to live. What a full store forgets first is its own business. */
export interface Store<Value> {
  /** @returns undefined when nothing is held, or no longer. */
  get(key: string): Promise<Value | undefined>;
  put(key: string, value: Value, ttlSeconds: number): Promise<void>;
  remove(key: string): Promise<void>;
}

/** What is held under a key. */
export interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
}

/** A store whose entries can be listed, and ended by others than those who use them. */
export interface ListableStore<Value> extends Store<Value> {
  /**
   * Puts a value in the place of one that is still held; what somebody has removed stays removed.
   *
   * @returns whether there was one
   */
  replace(key: string, value: Value, ttlSeconds: number): Promise<boolean>;
  /** All that is held; what was used longest ago comes first. */
  list(): Promise<readonly Entry<Value>[]>;
  /**
   * Removes several in one step.
   *
   * @returns how many of them were held
   */
  removeAll(keys: readonly string[]): Promise<number>;
}

/**
 * Entries of which there can only be so many: when there is one more, that used longest ago goes. To put and to replace
 * is to use; to get may be.
 */
export interface Group {
  readonly name: string;
  readonly most: number;
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
