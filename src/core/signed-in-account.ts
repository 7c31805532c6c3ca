/**
 * Accounts of people who sign in with a browser, as of their last sign-in. A provider cannot be asked about somebody who is
 * not there; this is what the credentials that Fairlead issued are checked with in between.
 */
import { parseIdentity } from './identity-record.ts';
import type { IdentityRecord } from './identity-record.ts';
import { areTexts, areWholeNumbers, fieldsOf } from './record-fields.ts';
import type { ListableStore } from './store.ts';

export interface SignedInAccount {
  /** The configured name of the backend. */
  readonly backend: string;
  readonly subject: string;
  /** The person as the provider described them. */
  readonly identity: IdentityRecord;
  /** Epoch seconds. */
  readonly lastSignIn: number;
  /** Where the accounts are asked for with an id of their own. */
  readonly atSource?: AccountAtSource;
  /** Where the accounts are checked with a refresh token of the provider. */
  readonly refresh?: ProviderRefresh;
}

/** The account as its source has it. */
export interface AccountAtSource {
  readonly id: string;
  /** The name there, as of the last sign-in. */
  readonly name?: string;
}

/** A refresh token of the provider. Without one, the account is asleep. */
export interface ProviderRefresh {
  /** Sealed. */
  readonly token: string;
  /** When the provider accepted a token of this account, in epoch seconds. */
  readonly checkedAt: number;
  /** Until when nobody else redeems the token, in epoch seconds: one broker does, or the provider has just failed. */
  readonly busyUntil: number;
  /** Whether it is the latter. */
  readonly hasFailed: boolean;
}

/** Seconds for which an account without a sign-in is stored. Its tokens and robots become valid again with a sign-in within that time. */
export const KEEP_ACCOUNT_SECONDS = 400 * 86_400;

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
  if (!isAbsentOr(fields.get('atSource'), isAccountAtSource)) return undefined;
  if (!isAbsentOr(fields.get('refresh'), isProviderRefresh)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field has just been checked
  return json as SignedInAccount;
}

function isAbsentOr(value: unknown, isValid: (fields: Readonly<Record<string, unknown>>) => boolean): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && isValid({ ...value }));
}

function isAccountAtSource({ id, name }: Readonly<Record<string, unknown>>): boolean {
  return typeof id === 'string' && (name === undefined || typeof name === 'string');
}

function isProviderRefresh({ token, checkedAt, busyUntil, hasFailed }: Readonly<Record<string, unknown>>): boolean {
  if (typeof token !== 'string' || typeof hasFailed !== 'boolean') return false;
  return Number.isSafeInteger(checkedAt) && Number.isSafeInteger(busyUntil);
}
