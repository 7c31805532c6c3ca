/**
 * Accounts of people who sign in with a browser, as of their last sign-in. A provider cannot be asked about somebody who is
 * not there; this is what the credentials that Fairlead issued are checked with in between.
 */
import { parseIdentity } from './identity-record.ts';
import type { IdentityRecord } from './identity-record.ts';
import { areTexts, areWholeNumbers, fieldsOf } from './record-fields.ts';
import type { ListableStore } from './store.ts';

interface SignedInAccount {
  /** The configured name of the backend. */
  readonly backend: string;
  readonly subject: string;
  /** The person as the provider described them. */
  readonly identity: IdentityRecord;
  /** Epoch seconds. */
  readonly lastSignIn: number;
}

/** The stored accounts, by `accountKey`. */
export type SignedInAccounts = ListableStore<SignedInAccount>;

export function accountKey({ backend, subject }: Pick<SignedInAccount, 'backend' | 'subject'>): string {
  return JSON.stringify([backend, subject]);
}

/** Reads a stored record; undefined when it is not one. */
export function parseSignedInAccount(json: unknown): SignedInAccount | undefined {
  const fields = fieldsOf(json);
  if (fields === undefined || !areTexts(fields, ['backend', 'subject'])) return undefined;
  if (!areWholeNumbers(fields, ['lastSignIn']) || parseIdentity(fields.get('identity')) === undefined) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field has just been checked
  return json as SignedInAccount;
}
