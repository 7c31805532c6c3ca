/** The last entries that were added, up to a number. */

export interface Ring<Entry> {
  add(entry: Entry): void;
  latestFirst(): IteratorObject<Entry>;
  count(): number;
  clear(): void;
}

/** @param capacity at least 1 */
export function createRing<Entry extends string | number | object>(capacity: number): Ring<Entry> {
  let entries: Entry[] = [];
  let place = 0;

  function* latestFirst(): Generator<Entry> {
    for (let back = 1; back <= entries.length; back += 1) {
      const entry = entries[(place - back + entries.length) % entries.length];
      if (entry !== undefined) yield entry;
    }
  }

  return {
    add: (entry) => {
      entries[place] = entry;
      place = (place + 1) % capacity;
    },
    latestFirst,
    count: () => entries.length,
    clear: () => {
      entries = [];
      place = 0;
    },
  };
}
