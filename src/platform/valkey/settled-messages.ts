/** Waits for logins that other brokers settle: for the message of the store, or for some time, since messages can be lost. */

const MIN_MS = 100;
const JITTER_MS = 200;

export function createSettledMessages() {
  const waiting = new Map<string, Set<() => void>>();
  return {
    /** @param entry the key of a flight in the store */
    receive: (entry: string): void => {
      for (const wake of waiting.get(entry) ?? []) wake();
    },
    wait: async (login: string): Promise<void> => {
      const entries = login.split('+').map((name) => `fl:flight:${name}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      const timeout = setTimeout(resolve, MIN_MS + Math.random() * JITTER_MS);
      for (const entry of entries) waiting.set(entry, (waiting.get(entry) ?? new Set()).add(resolve));
      await promise;
      clearTimeout(timeout);
      for (const entry of entries) {
        const set = waiting.get(entry);
        set?.delete(resolve);
        if (set?.size === 0) waiting.delete(entry);
      }
    },
  };
}
