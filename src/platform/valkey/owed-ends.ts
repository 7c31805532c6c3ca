/**
 * What has ended and did not reach the store, or may not have. It stays owed until the store has taken it, because an
 * answer of the store would otherwise be valid again. Where there are too many ends to store, all answers end instead.
 */
import { PAID_AT_ONCE } from './shares.ts';
import type { Ended } from '../../core/ledger.ts';

const MAX_ACCOUNTS = 1000;
const MAX_LOGINS = 10_000;

interface OwedLogins {
  /** Absent: not known. */
  readonly backend: string | undefined;
}

/** How the store takes what is owed. Each throws what the store throws. */
interface Takers {
  readonly end: (ended: Ended) => Promise<unknown>;
  /** Ends the cached successful logins of an account. */
  readonly endLogins: (account: string) => Promise<unknown>;
}

export function createOwedEnds() {
  const ends = new Map<string, Ended>();
  /** By account: a password was changed, or a login was refused. */
  const logins = new Map<string, OwedLogins>();

  function add(ended: Ended): void {
    const accounts = [...ends].filter(([, { kind }]) => kind === 'account');
    if (ended.kind === 'account' && accounts.length >= MAX_ACCOUNTS) {
      for (const [key] of accounts) ends.delete(key);
      add({ kind: 'answers' });
      return;
    }
    ends.set(JSON.stringify(ended), ended);
  }

  function addLogins(account: string, backend: string | undefined): void {
    logins.set(account, { backend });
    if (logins.size <= MAX_LOGINS) return;
    for (const one of new Set([...logins.values()].map((owed) => owed.backend))) add({ kind: 'answers', backend: one });
    logins.clear();
  }

  return {
    add,
    addLogins,
    isEmpty: () => ends.size === 0 && logins.size === 0,
    /** Not for two calls at the same time. @throws what the store throws; then the rest is still owed */
    pay: async ({ end, endLogins }: Takers): Promise<void> => {
      for (const [key, ended] of ends) {
        await end(ended);
        removeIfSame(ends, key, ended);
      }
      while (logins.size > 0) {
        const part = [...logins.entries().take(PAID_AT_ONCE)];
        await Promise.all(part.map(([account]) => endLogins(account)));
        for (const [account, owed] of part) removeIfSame(logins, account, owed);
      }
    },
  };
}

/** What ended again meanwhile is still owed. */
function removeIfSame<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.get(key) === value) map.delete(key);
}
