/** A list that grows at its end and is taken from at its start, in constant time. */

interface Queue<Entry> {
  push(entry: Entry): void;
  /** Removes the oldest entry. */
  shift(): Entry | undefined;
  first(): Entry | undefined;
  latestFirst(): IteratorObject<Entry>;
  count(): number;
}

export function createQueue<Entry extends object>(): Queue<Entry> {
  let entries: (Entry | undefined)[] = [];
  let start = 0;

  function* latestFirst(): Generator<Entry> {
    for (let place = entries.length - 1; place >= start; place -= 1) {
      const entry = entries[place];
      if (entry !== undefined) yield entry;
    }
  }

  return {
    push: (entry) => void entries.push(entry),
    shift: () => {
      const entry = entries[start];
      if (entry === undefined) return undefined;
      entries[start] = undefined;
      start += 1;
      // As many entries were taken as are moved now.
      if (2 * start >= entries.length) {
        entries = entries.slice(start);
        start = 0;
      }
      return entry;
    },
    first: () => entries[start],
    latestFirst,
    count: () => entries.length - start,
  };
}
