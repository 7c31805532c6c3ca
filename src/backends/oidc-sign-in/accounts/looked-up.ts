/**
 * Accounts that the provider is asked for at each use, by an interface for administrators. An answer is used again for a
 * minute; while there is none, the account cannot be checked (503).
 */
import type { Deadline } from '../../../core/deadline.ts';
import { BrokerError } from '../../../core/errors.ts';
import type { SignedInIdentity } from '../../../core/sign-in.ts';
import { encodeIdentity, parseIdentity } from '../../../core/identity-record.ts';
import type { AuthnOutcome } from '../../../core/ports.ts';
import { accountKey, KEEP_ACCOUNT_SECONDS } from '../../../core/signed-in-account.ts';
import type { AccountAtSource } from '../../../core/signed-in-account.ts';
import { forLog } from '../../oidc/for-log.ts';
import type { ClaimSources } from '../../oidc/client/identity.ts';
import type { Session } from '../../oidc/client/provider.ts';
import { createTtlCaches } from '../../ttl-cache.ts';
import { signInDue } from './source.ts';
import type { AccountSource, AccountSourceDeps, CheckedSignIn } from './source.ts';

/** What the interface says about a person. */
export type DirectoryEntry =
  | {
      readonly kind: 'found';
      readonly identity: SignedInIdentity;
      /** The current name at the source; present where the identity has its name from the last sign-in. */
      readonly name?: string;
    }
  | { readonly kind: 'disabled' }
  | { readonly kind: 'missing' };

export interface AccountDirectory {
  /** @throws BrokerError `backend_unavailable` when the claims have no id by which the directory finds the person */
  idOf(claims: ClaimSources, subject: string): string;
  /**
   * @param last the identity of the last sign-in
   * @throws BrokerError `backend_unavailable`
   */
  find(session: Session, id: string, last: SignedInIdentity): Promise<DirectoryEntry>;
}

interface LookedUpDeps extends AccountSourceDeps {
  readonly directory: AccountDirectory;
  readonly open: (deadline: Deadline) => Promise<Session>;
}

/** Seconds. */
const REUSE = 60;

export function createLookedUpAccounts(deps: LookedUpDeps): AccountSource {
  const { backend, store, clock, directory } = deps;
  const caches = createTtlCaches(clock);
  const recent = caches.create<AuthnOutcome>(REUSE);
  const underWay = new Map<string, Promise<AuthnOutcome>>();

  async function ask(subject: string, deadline: Deadline): Promise<AuthnOutcome> {
    const account = await store.get(accountKey({ backend, subject }));
    const last = account === undefined ? undefined : parseIdentity(account.identity);
    if (last === undefined) return { kind: 'unknown-user' };
    const { atSource } = account ?? {};
    if (atSource === undefined) return signInDue('the last sign-in was under another setting of accounts.from');
    const entry = await directory.find(await deps.open(deadline), atSource.id, { ...last, subject });
    return outcomeOf(entry, atSource);
  }

  async function askOnce(subject: string, deadline: Deadline): Promise<AuthnOutcome> {
    const keep = recent.beginLookup();
    const outcome = await ask(subject, deadline);
    keep(subject, outcome);
    return outcome;
  }

  return {
    check: async ({ session, claims, identity }) => {
      const { subject } = identity;
      const id = directory.idOf(claims, subject);
      const entry = await directory.find(session, id, identity);
      if (entry.kind !== 'found') return refused(entry);
      requireGroups(identity, entry.identity);
      const atSource = { id, ...(entry.name === undefined ? {} : { name: entry.name }) };
      const record = async (): Promise<void> => {
        const account = { backend, subject, identity: encodeIdentity(entry.identity), lastSignIn: clock.now() };
        await store.put(accountKey(account), { ...account, atSource }, KEEP_ACCOUNT_SECONDS);
        caches.flush();
      };
      return { kind: 'valid', identity: entry.identity, record };
    },
    revalidate: async ({ subject }, deadline) => {
      const known = recent.get(subject);
      if (known !== undefined) return known.value;
      const shared = underWay.get(subject);
      if (shared !== undefined) return shared;
      const asked = askOnce(subject, deadline).finally(() => underWay.delete(subject));
      underWay.set(subject, asked);
      return asked;
    },
    clearCaches: () => caches.flush(),
  };
}

function outcomeOf(entry: DirectoryEntry, { name }: AccountAtSource): AuthnOutcome {
  if (entry.kind === 'missing') return { kind: 'unknown-user' };
  if (entry.kind === 'disabled') return { kind: 'rejected', reason: 'disabled' };
  // The old name may belong to another account now, and the policy may name it.
  if (entry.name !== name) return signInDue('the account has another name since the last sign-in');
  return { kind: 'authenticated', identity: entry.identity };
}

function refused({ kind }: Exclude<DirectoryEntry, { kind: 'found' }>): CheckedSignIn {
  return { kind: 'refused', detail: `the provider says that the account is ${kind}` };
}

/**
 * Groups may be mapped for a sign-in in a manner that the interface does not have. Without those, a rule that denies would
 * not match.
 *
 * @throws BrokerError `backend_unavailable`
 */
function requireGroups(atSignIn: SignedInIdentity, found: SignedInIdentity): void {
  const missing = [...atSignIn.groups].filter((group) => !found.groups.has(group));
  if (missing.length === 0) return;
  throw new BrokerError(
    'backend_unavailable',
    `the sign-in has groups that accounts.from does not find (${missing.slice(0, 3).map(forLog).join(', ')}): ` +
      'use another source in accounts.from, or map groups in another way',
  );
}
