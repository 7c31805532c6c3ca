/** A map whose entries expire, with a maximum size, whose keys take little memory. */
import type { Clock } from '../../core/ports.ts';
import { createKeyIndex } from './keys.ts';
import { createSlots } from './slots.ts';

interface CompactMap<Value> {
  /** Counts as use. */
  get(key: string): Value | undefined;
  /** Counts as use. */
  set(key: string, value: Value, seconds: number): void;
  delete(key: string): void;
  /** Entries in memory, including those that expired a few seconds ago. */
  size(): number;
}

interface CompactMapOptions<Value> {
  readonly clock: Clock;
  readonly maxEntries: number;
  /**
   * How much a value is worth: of the least recently used entries the one with the lowest worth is dropped first.
   * Absent: the least recently used.
   */
  readonly worth?: (value: Value) => number;
}

export function compactMap<Value>({ clock, maxEntries, worth }: CompactMapOptions<Value>): CompactMap<Value> {
  const keys = createKeyIndex(maxEntries);
  /** By slot. */
  const values: (Value | undefined)[] = [undefined];
  const slots = createSlots({
    clock,
    maxSlots: maxEntries,
    worth:
      worth &&
      ((slot) => {
        const value = values[slot];
        return value === undefined ? 0 : worth(value);
      }),
    onFree: (slot) => {
      keys.remove(slot);
      values[slot] = undefined;
    },
  });

  function remove(key: string): void {
    const slot = keys.find(key);
    if (slot !== 0) slots.free(slot);
  }

  return {
    get: (key) => {
      const slot = keys.find(key);
      return slot !== 0 && slots.use(slot) ? values[slot] : undefined;
    },
    set: (key, value, seconds) => {
      remove(key);
      const slot = slots.take(seconds);
      keys.put(slot, key);
      values[slot] = value;
    },
    delete: remove,
    size: slots.size,
  };
}
