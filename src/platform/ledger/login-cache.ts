/**
 * The cached successful logins, one for each account: its latest. After a change of the password the login with the old
 * one is not valid.
 */
import type { Identity } from '../../core/identity.ts';
import type { Clock } from '../../core/ports.ts';
import { growFor, reserve } from './growing-arrays.ts';
import { createIdentityColumn } from './identity-column.ts';
import { createKeyColumn, createKeyIndex } from './keys.ts';
import { createSlots } from './slots.ts';

interface CachedLogin {
  readonly identity: Identity;
  readonly isFresh: boolean;
  /** The last end before the login. */
  readonly epoch: number;
  /** The key of the budget of its name. */
  readonly name: string;
}

interface NewLogin extends Omit<CachedLogin, 'isFresh'> {
  readonly login: string;
  readonly account: string;
  readonly freshSeconds: number;
  readonly seconds: number;
}

interface LoginCache {
  /** Counts as use. */
  get(login: string): CachedLogin | undefined;
  /** Replaces the login of the account. */
  put(login: NewLogin): void;
  /** Ends the login of an account. */
  end(account: string): void;
  /** Logins in memory, including those that expired a few seconds ago. */
  size(): number;
}

export function createLoginCache({
  clock,
  maxEntries,
}: {
  readonly clock: Clock;
  readonly maxEntries: number;
}): LoginCache {
  // What follows has an item for each slot.
  const logins = createKeyIndex(maxEntries);
  const accounts = createKeyIndex(maxEntries);
  const names = createKeyColumn(maxEntries);
  const identities = createIdentityColumn();
  const epochs = new Float64Array(reserve((maxEntries + 1) * Float64Array.BYTES_PER_ELEMENT));
  /** Milliseconds by the clock. */
  const freshUntil = new Float64Array(reserve((maxEntries + 1) * Float64Array.BYTES_PER_ELEMENT));
  const slots = createSlots({
    clock,
    maxSlots: maxEntries,
    onFree: (slot) => {
      logins.remove(slot);
      accounts.remove(slot);
      identities.remove(slot);
    },
  });

  function free(slot: number): void {
    if (slot !== 0) slots.free(slot);
  }

  return {
    get: (login) => {
      const slot = logins.find(login);
      const identity = slot !== 0 && slots.use(slot) ? identities.get(slot) : undefined;
      if (identity === undefined) return undefined;
      return {
        identity,
        isFresh: clock.monotonic() < (freshUntil[slot] ?? 0),
        epoch: epochs[slot] ?? 0,
        name: names.get(slot),
      };
    },
    put: ({ login, account, identity, name, epoch, freshSeconds, seconds }) => {
      free(accounts.find(account));
      // The same name and password may have meant another account before.
      free(logins.find(login));
      const slot = slots.take(seconds);
      for (const array of [epochs, freshUntil]) growFor(array, slot);
      logins.put(slot, login);
      accounts.put(slot, account);
      names.put(slot, name);
      identities.put(slot, identity);
      epochs[slot] = epoch;
      freshUntil[slot] = clock.monotonic() + freshSeconds * 1000;
    },
    end: (account) => free(accounts.find(account)),
    size: slots.size,
  };
}
