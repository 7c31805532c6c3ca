/**
 * The last entries of several classes, up to a number for all together. Each class has a share that the others cannot take
 * from it; what a class does not use is for the others.
 */
import { createQueue } from './queue.ts';

interface SharedRing<Class extends string, Entry> {
  /**
   * Removes an entry where the ring is full. `add` does the same; to call it before frees what the entry holds.
   *
   * @returns the entry that was removed
   */
  makeRoom(kind: Class): Entry | undefined;
  add(kind: Class, entry: Entry): void;
  /** The entries of all classes, in the order in which they were added. */
  latestFirst(): IteratorObject<Entry>;
  /** The oldest entry of a class from which the list is complete. Undefined: no entry of the class had to make room. */
  completeFrom(kind: Class): Entry | undefined;
  count(): number;
}

/** @param shares at least 1 each: the entries of a class that the others leave it; together, the size of the ring */
export function createSharedRing<Class extends string, Entry>(
  shares: Readonly<Record<Class, number>>,
): SharedRing<Class, Entry> {
  const classes = new Map(
    Object.entries<number>(shares).map(([name, share]) => [
      name,
      { share, isCut: false, entries: createQueue<{ readonly place: number; readonly entry: Entry }>() },
    ]),
  );
  const capacity = Object.values<number>(shares).reduce((sum, share) => sum + share, 0);
  let count = 0;
  let nextPlace = 0;

  function classOf(kind: Class) {
    const found = classes.get(kind);
    if (found === undefined) throw new Error(`the ring has no class ${kind}`);
    return found;
  }

  /** Takes the oldest entry of the class that is furthest above its share, with the new entry. */
  function makeRoom(kind: Class): Entry | undefined {
    if (count < capacity) return undefined;
    const added = classOf(kind);
    const excess = (one: typeof added): number => one.entries.count() + (one === added ? 1 : 0) - one.share;
    const largest = [...classes.values()].reduce((most, one) => (excess(one) > excess(most) ? one : most), added);
    largest.isCut = true;
    count -= 1;
    return largest.entries.shift()?.entry;
  }

  function* latestFirst(): Generator<Entry> {
    const heads = [...classes.values()].map(({ entries }) => {
      const rest = entries.latestFirst();
      return { rest, next: rest.next() };
    });
    for (;;) {
      let latest: { readonly head: (typeof heads)[number]; readonly place: number; readonly entry: Entry } | undefined;
      for (const head of heads) {
        if (head.next.done === true) continue;
        const { place, entry } = head.next.value;
        if (latest === undefined || place > latest.place) latest = { head, place, entry };
      }
      if (latest === undefined) return;
      yield latest.entry;
      latest.head.next = latest.head.rest.next();
    }
  }

  return {
    makeRoom,
    add: (kind, entry) => {
      makeRoom(kind);
      classOf(kind).entries.push({ place: (nextPlace += 1), entry });
      count += 1;
    },
    latestFirst,
    completeFrom: (kind) => {
      const { isCut, entries } = classOf(kind);
      return isCut ? entries.first()?.entry : undefined;
    },
    count: () => count,
  };
}
