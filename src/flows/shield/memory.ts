/** What the shield remembers of answers, and for how long. */
import type { AuthnOutcome, RejectReason } from '../../core/ports.ts';
import type { Remembered, ShieldDeps } from './settings.ts';

/** Reasons that say something about the account and not about the password: earlier right logins end with them. */
const ENDS_LOGINS: ReadonlySet<RejectReason> = new Set([
  'locked',
  'disabled',
  'expired',
  'password-expired',
  'must-change-password',
]);
/** Reasons that are told again each time: they are cheap to find, or change when a person does something. */
const NOT_KEPT: ReadonlySet<RejectReason> = new Set([
  'empty-password',
  'invalid-name',
  'ambiguous',
  'held',
  'too-many-attempts',
]);

type Refused = Extract<AuthnOutcome, { readonly kind: 'rejected' }>;

export interface Memory {
  recall(key: string): Promise<AuthnOutcome | undefined>;
  /** A right login that is no longer fresh, for the time of an outage. */
  recallStale(key: string): Promise<AuthnOutcome | undefined>;
  keep(key: string, backend: string, outcome: AuthnOutcome, subject: string): Promise<void>;
}

export function createMemory({ settings, clock, fingerprint, right, latest, wrong }: ShieldDeps): Memory {
  const kept = Math.max(settings.remember, settings.staleIfError);

  /** A right login counts only while no later one used another password: a changed password ends the old one. */
  async function valid(key: string): Promise<Remembered | undefined> {
    const entry = await right.get(key);
    if (entry === undefined) return undefined;
    return (await latest.get(entry.account)) === key ? entry : undefined;
  }

  async function keepRight(key: string, account: string, outcome: Remembered['outcome']): Promise<void> {
    if (kept === 0) return;
    await latest.put(account, key, kept);
    await right.put(key, { outcome, account, freshUntil: clock.monotonic() + settings.remember * 1000 }, kept);
  }

  async function keepRefused(key: string, account: string, { reason, holdFor = 0 }: Refused): Promise<void> {
    if (ENDS_LOGINS.has(reason)) await latest.remove(account);
    if (NOT_KEPT.has(reason)) return;
    const refused = settings.rememberRefused === 0 ? 0 : Math.max(holdFor, settings.rememberRefused);
    const ttl = reason === 'wrong-password' ? settings.rememberWrong : refused;
    if (ttl > 0) await wrong.put(key, { kind: 'rejected', reason }, ttl);
  }

  return {
    recall: async (key) => {
      const entry = await valid(key);
      if (entry !== undefined && clock.monotonic() < entry.freshUntil) return entry.outcome;
      return wrong.get(key);
    },
    recallStale: async (key) => (settings.staleIfError === 0 ? undefined : (await valid(key))?.outcome),
    keep: async (key, backend, outcome, subject) => {
      const account = fingerprint('account', backend, subject);
      switch (outcome.kind) {
        case 'authenticated':
          return keepRight(key, account, outcome);
        case 'rejected':
          return keepRefused(key, account, outcome);
        case 'unknown-user':
          if (settings.rememberRefused > 0) await wrong.put(key, outcome, settings.rememberRefused);
      }
    },
  };
}
