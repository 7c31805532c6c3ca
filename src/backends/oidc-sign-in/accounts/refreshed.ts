/**
 * Accounts that are checked with a refresh token of the provider, at most every 15 minutes. One broker of a fleet redeems a
 * token at a time, and a token that replaces it is stored before anything else happens: a token that is used twice may be
 * the end of it. A refused token puts the account to sleep, and a sign-in wakes it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deadline } from '../../../core/deadline.ts';
import { BrokerError } from '../../../core/errors.ts';
import { encodeIdentity, parseIdentity } from '../../../core/identity-record.ts';
import type { AuthnOutcome, Log } from '../../../core/ports.ts';
import type { Sealing, SignedInIdentity } from '../../../core/sign-in.ts';
import { accountKey, KEEP_ACCOUNT_SECONDS } from '../../../core/signed-in-account.ts';
import type { ProviderRefresh, SignedInAccount } from '../../../core/signed-in-account.ts';
import type { RedeemRefreshToken } from './redeem.ts';
import { signInDue } from './source.ts';
import type { AccountSource, AccountSourceDeps } from './source.ts';

interface RefreshedDeps extends AccountSourceDeps {
  readonly sealing: Sealing;
  readonly redeem: RedeemRefreshToken;
  readonly log: Log;
}

/** A record with a token that is due, and that this process alone redeems. */
interface Claimed {
  readonly key: string;
  readonly account: SignedInAccount & { readonly refresh: ProviderRefresh };
  readonly last: SignedInIdentity;
}

/** Seconds for which an answer of the provider counts. */
const FRESH = 15 * 60;
/** Seconds for which it counts while the provider cannot answer. */
const STALE = 3600;
/** Seconds within which one redemption is over: longer than any request to the provider. */
const CLAIM = 30;
/** Seconds until the provider is asked again after it failed. */
const RETRY = 30;
/** Milliseconds after which a record that another process has claimed is read again. */
const POLL = 200;

const CHANGED = Symbol('changed');

export function createRefreshedAccounts(deps: RefreshedDeps): AccountSource {
  const { backend, store, clock } = deps;
  const tokens = sealedTokens(deps);
  const reportFailure = failureLog(deps);
  const underWay = new Map<string, Promise<AuthnOutcome>>();

  async function check(subject: string, deadline: Deadline): Promise<AuthnOutcome> {
    const key = accountKey({ backend, subject });
    for (;;) {
      const account = await store.get(key);
      const identity = account === undefined ? undefined : parseIdentity(account.identity);
      if (account === undefined || identity === undefined) return { kind: 'unknown-user' };
      const { refresh } = account;
      if (refresh === undefined) return signInDue('the provider accepts no refresh token of this account');
      const now = clock.now();
      const age = now - refresh.checkedAt;
      const isBusy = refresh.busyUntil > now;
      if (age < FRESH || (isBusy && age < STALE)) return { kind: 'authenticated', identity };
      if (isBusy) {
        await waitForOther(refresh, deadline);
        continue;
      }
      const claimed = { ...account, refresh: { ...refresh, busyUntil: now + CLAIM, hasFailed: false } };
      if ((await store.replaceIf(key, account, claimed, KEEP_ACCOUNT_SECONDS)) !== 'replaced') continue;
      const outcome = await renew({ key, account: claimed, last: { ...identity, subject } }, deadline);
      if (outcome !== CHANGED) return outcome;
    }
  }

  /** @returns CHANGED when somebody has signed in meanwhile */
  async function renew({ key, account, last }: Claimed, deadline: Deadline): Promise<AuthnOutcome | typeof CHANGED> {
    let stored: SignedInAccount = account;
    const save = async (next: SignedInAccount): Promise<boolean> => {
      if ((await store.replaceIf(key, stored, next, KEEP_ACCOUNT_SECONDS)) !== 'replaced') return false;
      stored = next;
      return true;
    };
    const endToken = async (detail: string): Promise<AuthnOutcome | typeof CHANGED> => {
      const { refresh: _, ...rest } = account;
      return (await save(rest)) ? signInDue(detail) : CHANGED;
    };

    let token = await tokens.open(account, account.refresh.token);
    if (token === undefined) return endToken('the stored refresh token cannot be opened any more');
    const refreshWith = async (more: Partial<ProviderRefresh>): Promise<ProviderRefresh> => ({
      ...account.refresh,
      token: await tokens.seal(account, token ?? ''),
      ...more,
    });
    try {
      const redeemed = await deps.redeem({ token, last, deadline }, async (next) => {
        token = next;
        await save({ ...account, refresh: await refreshWith({}) });
      });
      reportFailure(undefined);
      if (redeemed.kind === 'refused') return await endToken(redeemed.detail);
      const { identity } = redeemed;
      const refresh = await refreshWith({ checkedAt: clock.now(), busyUntil: 0 });
      const isSaved = await save({ ...account, identity: encodeIdentity(identity), refresh });
      return isSaved ? { kind: 'authenticated', identity } : CHANGED;
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== 'backend_unavailable') throw error;
      reportFailure(error.message);
      const now = clock.now();
      const isSaved = await save({
        ...account,
        refresh: await refreshWith({ busyUntil: now + RETRY, hasFailed: true }),
      });
      if (!isSaved) return CHANGED;
      if (now - account.refresh.checkedAt >= STALE) throw error;
      return { kind: 'authenticated', identity: last };
    }
  }

  return {
    check: async ({ identity, refreshToken }) => {
      if (refreshToken === undefined) throw withoutToken(deps);
      const owner = { backend, subject: identity.subject };
      const record = async (): Promise<void> => {
        const now = clock.now();
        const token = await tokens.seal(owner, refreshToken);
        const refresh = { token, checkedAt: now, busyUntil: 0, hasFailed: false };
        const account = { ...owner, identity: encodeIdentity(identity), lastSignIn: now, refresh };
        await store.put(accountKey(owner), account, KEEP_ACCOUNT_SECONDS);
      };
      return { kind: 'valid', identity, record };
    },
    revalidate: async ({ subject }, deadline) => {
      const shared = underWay.get(subject);
      if (shared !== undefined) return shared;
      const checked = check(subject, deadline).finally(() => underWay.delete(subject));
      underWay.set(subject, checked);
      return checked;
    },
  };
}

/** Tokens are sealed for their account, so that they are of no use in the record of another one. */
function sealedTokens({ sealing }: Pick<RefreshedDeps, 'sealing'>) {
  type Owner = Pick<SignedInAccount, 'backend' | 'subject'>;
  return {
    seal: ({ backend, subject }: Owner, token: string): Promise<string> =>
      sealing.seal({ token, backend, subject }, KEEP_ACCOUNT_SECONDS),
    open: async ({ backend, subject }: Owner, sealed: string): Promise<string | undefined> => {
      const opened = await sealing.open(sealed);
      return opened?.['backend'] === backend && opened['subject'] === subject ? opened['token'] : undefined;
    },
  };
}

/** Returns when the record should be read again. Throws BrokerError `backend_unavailable` when there is nothing to wait for. */
async function waitForOther({ hasFailed }: ProviderRefresh, deadline: Deadline): Promise<void> {
  if (hasFailed) throw new BrokerError('backend_unavailable', 'the provider has just failed to check this account');
  if (deadline.left() <= POLL) {
    throw new BrokerError('backend_unavailable', 'another process takes too long to check this account');
  }
  await sleep(POLL);
}

/** Logged once until it works again, and not for every account. */
function failureLog({ backend, log }: RefreshedDeps): (cause: string | undefined) => void {
  let isFailing = false;
  return (cause) => {
    if (cause !== undefined && !isFailing) {
      log.warn('refresh tokens of the provider not redeemed: the last answers count for an hour', { backend, cause });
    }
    isFailing = cause !== undefined;
  };
}

function withoutToken({ backend, log }: RefreshedDeps): BrokerError {
  const cause = 'the provider sends no refresh token: allow this client refresh tokens (offline access) there';
  log.error('nobody can sign in: the OpenID provider and the broker do not fit', { backend, cause });
  return new BrokerError('backend_unavailable', cause);
}
