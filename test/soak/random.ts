/** Chances from a seed: the same seed makes the same choices. */

export interface Chances {
  /** A whole number from 0 to below the limit. */
  below(limit: number): number;
  /** One of the list. @throws RangeError where it is empty */
  oneOf<T>(list: readonly T[]): T;
}

/** Mulberry32, a generator of 32 bits: good enough to choose faults. */
export function chancesOf(seed: number): Chances {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    oneOf: (list) => {
      const [found] = list.slice(below(list.length));
      if (found === undefined) throw new RangeError('nothing to choose from');
      return found;
    },
  };
}
