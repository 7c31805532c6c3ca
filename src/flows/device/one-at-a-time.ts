/** Runs work for one key after the other: guesses that are sent at the same time must each see the count of the others. */

type OneAtATime = <T>(keys: readonly string[], work: () => Promise<T>) => Promise<T>;

export function createOneAtATime(): OneAtATime {
  /** The last work for each key; it never rejects. */
  const last = new Map<string, Promise<unknown>>();

  async function runFor<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = last.get(key) ?? Promise.resolve();
    const running = before.then(work);
    const settled = running.catch(() => undefined);
    last.set(key, settled);
    try {
      return await running;
    } finally {
      if (last.get(key) === settled) last.delete(key);
    }
  }

  /** Sessions come before networks in each list, so that no two wait for each other. */
  return function run<T>([key, ...others]: readonly string[], work: () => Promise<T>): Promise<T> {
    return key === undefined ? work() : runFor(key, () => run(others, work));
  };
}
