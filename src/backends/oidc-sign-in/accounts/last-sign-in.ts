/** Accounts as of their last sign-in: awake for a while after it, then asleep until the next one. */
import { accountKey } from '../../core/signed-in-account.ts';
import type { SignedInAccounts } from '../../core/signed-in-account.ts';
import { encodeIdentity, parseIdentity } from '../../core/identity-record.ts';
import type { Identity } from '../../core/identity.ts';
import type { Account, AuthnOutcome, Clock } from '../../core/ports.ts';

export interface OwnAccounts {
  /** Records a sign-in. Throws BrokerError `records_unavailable`. */
  record(identity: Identity & { readonly subject: string }): Promise<void>;
  /** As `Authenticator.revalidate`. */
  revalidate(account: Account): Promise<AuthnOutcome>;
}

interface OwnAccountsDeps {
  readonly backend: string;
  readonly store: SignedInAccounts;
  /** Seconds for which an account is awake after a sign-in. */
  readonly every: number;
  readonly clock: Clock;
}

/** Seconds for which an account without a sign-in is stored: what belongs to it waits for its owner that long. */
const KEEP_SECONDS = 400 * 86_400;

export function createOwnAccounts({ backend, store, every, clock }: OwnAccountsDeps): OwnAccounts {
  return {
    record: async (identity) => {
      const { subject } = identity;
      const account = { backend, subject, identity: encodeIdentity(identity), lastSignIn: clock.now() };
      await store.put(accountKey(account), account, KEEP_SECONDS);
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
