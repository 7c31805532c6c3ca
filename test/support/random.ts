/** Random numbers that are the same for the same seed, so that a run can be repeated. */

export interface Random {
  /** From 0 to 1, without 1. */
  fraction(): number;
  /** An integer from 0 to `below - 1`. */
  int(below: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
  /** The same for a list whose length is known at run time. @throws RangeError where it is empty */
  oneOf<T>(items: readonly T[]): T;
  /** True in one of so many cases. */
  oneIn(cases: number): boolean;
}

/** Mulberry32: small and fast. Not for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const int = (below: number): number => Math.floor(next() * below);
  return {
    fraction: next,
    int,
    pick: (items) => items[int(items.length)] ?? items[0],
    oneOf: (items) => {
      if (items.length === 0) throw new RangeError('nothing to choose from');
      return items[int(items.length)] as (typeof items)[number];
    },
    oneIn: (cases) => int(cases) === 0,
  };
}
