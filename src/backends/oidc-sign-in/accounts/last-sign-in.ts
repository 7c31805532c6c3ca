/** Accounts as of their last sign-in: awake for a while after it, then asleep until the next one. */
import { accountKey, KEEP_ACCOUNT_SECONDS } from '../../../core/signed-in-account.ts';
import { encodeIdentity, parseIdentity } from '../../../core/identity-record.ts';
import type { AccountSource, AccountSourceDeps } from './source.ts';

interface LastSignInDeps extends AccountSourceDeps {
  /** Seconds for which an account is awake after a sign-in. */
  readonly every: number;
}

export function createLastSignInAccounts({ backend, store, every, clock }: LastSignInDeps): AccountSource {
  return {
    check: async ({ identity }) => {
      const { subject } = identity;
      const record = async (): Promise<void> => {
        const account = { backend, subject, identity: encodeIdentity(identity), lastSignIn: clock.now() };
        await store.put(accountKey(account), account, KEEP_ACCOUNT_SECONDS);
      };
      return { kind: 'valid', identity, record };
    },
    revalidate: async ({ subject }) => {
      const account = await store.get(accountKey({ backend, subject }));
      const identity = account === undefined ? undefined : parseIdentity(account.identity);
      if (account === undefined || identity === undefined) return { kind: 'unknown-user' };
      const age = clock.now() - account.lastSignIn;
      if (age < every) return { kind: 'authenticated', identity };
      const detail = `the last sign-in was ${Math.floor(age / 3600)} hours ago, and ${every / 3600} are allowed`;
      return { kind: 'rejected', reason: 'sign-in-due', detail };
    },
  };
}
