/** Objects that several holders share, with a bound on their size together. */

export interface SharedObjects {
  /**
   * Adds one use of an object. The object must not change.
   *
   * @param sizeOf called for an object that nobody uses yet
   * @returns false when there is no room for it
   */
  add(object: object, sizeOf: () => number): boolean;
  /** Ends one use of an object that was added. */
  remove(object: object): void;
  /** The size of all objects together. */
  size(): number;
}

/** @param most the largest size of all objects together, in the unit of `add` */
export function createSharedObjects(most: number): SharedObjects {
  const entries = new Map<object, { readonly size: number; uses: number }>();
  let total = 0;
  return {
    add: (object, sizeOf) => {
      const entry = entries.get(object);
      if (entry !== undefined) {
        entry.uses += 1;
        return true;
      }
      const size = sizeOf();
      if (total + size > most) return false;
      total += size;
      entries.set(object, { size, uses: 1 });
      return true;
    },
    remove: (object) => {
      const entry = entries.get(object);
      if (entry === undefined) return;
      entry.uses -= 1;
      if (entry.uses > 0) return;
      entries.delete(object);
      total -= entry.size;
    },
    size: () => total,
  };
}
