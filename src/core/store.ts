/**
 * Stores of values with a time to live: in memory, in a file that outlives the process, or in a database that several
 * brokers share. One test suite is the contract of all of them (`test/contract/store.ts`).
 */
import type { Secret } from './identity.ts';

/** Values by key, each with its time to live. Which entry a full store removes first is up to the store. */
export interface Store<Value> {
  /** @returns undefined when there is no value, or it has expired */
  get(key: string): Promise<Value | undefined>;
  put(key: string, value: Value, ttlSeconds: number): Promise<void>;
  remove(key: string): Promise<void>;
}

/** A value and its key. */
export interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
}

/** `changed`: another value is stored. `missing`: none is. Both leave the store as it is. */
export type Replacement = 'replaced' | 'changed' | 'missing';

/** A store whose entries can be listed, and removed by others than their users. */
export interface ListableStore<Value> extends Store<Value> {
  /**
   * Replaces a value that is still stored. A removed entry stays removed.
   *
   * @returns whether there was a value to replace
   */
  replace(key: string, value: Value, ttlSeconds: number): Promise<boolean>;
  /**
   * Replaces a value unless it has changed since it was read, so that only one of several writers succeeds. Values are
   * compared as JSON: `seen` must be what `get` or `list` returned.
   */
  replaceIf(key: string, seen: Value, value: Value, ttlSeconds: number): Promise<Replacement>;
  /** All entries; the least recently used comes first. */
  list(): Promise<readonly Entry<Value>[]>;
  /**
   * Removes several in one step.
   *
   * @returns how many of them existed
   */
  removeAll(keys: readonly string[]): Promise<number>;
}

/**
 * A set of entries with a maximum size. Beyond it, the least recently used entry is removed. `put` and `replace` count as
 * use; `get` may.
 */
export interface Group {
  readonly name: string;
  readonly most: number;
}

/** A keyed digest of a list of texts. Without the key it reveals nothing about them. */
export type Fingerprint = (...parts: readonly (string | Secret)[]) => string;
