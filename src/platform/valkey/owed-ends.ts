/**
 * What has ended and did not reach the store, or may not have. It stays owed until the store has taken it, because an
 * answer of the store would otherwise be valid again.
 */
import type { Ended } from '../../core/ledger.ts';

/** Of accounts. Beyond this, all cached answers end instead. */
const MAX_ACCOUNTS = 1000;

export function createOwedEnds() {
  const owed = new Map<string, Ended>();
  const accounts = (): readonly string[] => [...owed].filter(([, { kind }]) => kind === 'account').map(([key]) => key);

  function add(ended: Ended): void {
    if (ended.kind === 'account' && accounts().length >= MAX_ACCOUNTS) {
      for (const key of accounts()) owed.delete(key);
      add({ kind: 'answers' });
      return;
    }
    owed.set(JSON.stringify(ended), ended);
  }

  return {
    add,
    isEmpty: () => owed.size === 0,
    /** Not for two calls at the same time. @throws what `end` throws; then the rest is still owed */
    pay: async (end: (ended: Ended) => Promise<unknown>): Promise<void> => {
      for (const [key, ended] of owed) {
        await end(ended);
        // What ended again meanwhile is still owed.
        if (owed.get(key) === ended) owed.delete(key);
      }
    },
  };
}
