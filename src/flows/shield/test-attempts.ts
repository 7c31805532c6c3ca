/**
 * The limits of test logins. An administrator types a password of somebody into a page, so that a test could be used for
 * guesses, by whoever has stolen a session. All of them are counted in the ledger, so that they hold for a fleet.
 *
 * - By administrator and by name as it was typed, whatever the result: `TESTS`.
 * - By account, as logins are, in the same budget. A test has the limit of a login that is not trusted, so that the
 *   directory locks nobody, and the owner has an attempt left.
 *
 * Nothing is cached: neither an answer nor a hold, and nobody is trusted afterwards.
 */
import type { Deadline } from '../../core/deadline.ts';
import type { Credential, Identity } from '../../core/identity.ts';
import type { Budget } from '../../core/ledger.ts';
import type { AttemptGuard, Authenticator, AuthnOutcome } from '../../core/ports.ts';
import { accountName } from '../../core/spelling.ts';
import { loginKeys } from './budgets.ts';
import { createGuard, isFromGuard } from './guard.ts';
import type { ShieldDeps } from './settings.ts';

/** Test logins within an hour. */
export const TESTS = { byAdministrator: 30, ofName: 10 } as const;
const WINDOW = 3600;
/** Seconds after which to try again where the last place is taken by a test under way. */
const BUSY_SECONDS = 60;

type TestAdmission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'limited'; readonly by: keyof typeof TESTS; readonly retryAfter: number };

export interface TestAttempts {
  /** Counts a test. @param by the administrator */
  admit(by: Identity, username: string): Promise<TestAdmission>;
  /**
   * Asks a backend, unless a limit of the account or an earlier answer forbids it.
   *
   * @param client the address of the administrator
   * @param attempt the login; it asks the guard before it sends the password
   * @param onRefusal called with the reason when nothing was sent
   */
  ask(
    authenticator: Authenticator,
    login: { readonly credential: Credential; readonly client: string; readonly deadline: Deadline },
    attempt: (guard: AttemptGuard) => Promise<AuthnOutcome>,
    onRefusal: (reason: string) => void,
  ): Promise<AuthnOutcome>;
}

export function createTestAttempts(deps: ShieldDeps): TestAttempts {
  const { fingerprint, ids } = deps;

  async function count(key: string, limit: number): Promise<number | undefined> {
    const id = ids.next();
    const budget: Budget = {
      kind: 'name',
      key,
      limit,
      window: WINDOW,
      isClearedBySuccess: false,
      countsRefused: false,
    };
    // Each test is another guess, and no trust lifts the limit.
    const reserved = await deps.ledger.reserve({ id, password: id, budgets: [budget], trust: nobodyTrusted(deps) });
    if (reserved.kind === 'go') await deps.ledger.settle({ outcome: 'wrong', attempt: reserved.attempt });
    if (reserved.kind === 'go') return undefined;
    return reserved.kind === 'full' ? reserved.retryAfter : BUSY_SECONDS;
  }

  return {
    admit: async ({ backend, subject, username: name }, username) => {
      const administrator = fingerprint('tests by', backend, subject ?? name);
      const byAdministrator = await count(administrator, TESTS.byAdministrator);
      if (byAdministrator !== undefined) return limited('byAdministrator', byAdministrator);
      const ofName = await count(fingerprint('tests of', accountName(username)), TESTS.ofName);
      return ofName === undefined ? { kind: 'admitted' } : limited('ofName', ofName);
    },
    ask: async (authenticator, { credential, client, deadline }, attempt, onRefusal) => {
      const ledger = deps.ledger.forLogin?.() ?? deps.ledger;
      const { network, site } = loginKeys(deps, credential, client);
      const keys = { trust: nobodyTrusted(deps), network, site };
      const guard = createGuard({ ...deps, ledger }, authenticator, credential, keys, deadline);
      let outcome: AuthnOutcome | undefined;
      try {
        const refusal = authenticator.asksGuard === true ? undefined : await guard.beforeAttempt(credential.username);
        outcome = refusal ?? (await attempt(guard));
        if (isFromGuard(outcome)) onRefusal(refusalText(outcome));
        return outcome;
      } finally {
        const { hold: _, ...settlement } = guard.settlement(outcome);
        await ledger.settle(settlement);
      }
    },
  };
}

function limited(by: keyof typeof TESTS, retryAfter: number): TestAdmission {
  return { kind: 'limited', by, retryAfter };
}

/** Keys under which nothing is stored. */
function nobodyTrusted({ fingerprint, ids }: Pick<ShieldDeps, 'fingerprint' | 'ids'>) {
  return { password: fingerprint('trusted in a test', ids.next()) };
}

/** Why the guard answered instead of the backend. */
function refusalText(outcome: AuthnOutcome): string {
  const reason = outcome.kind === 'rejected' ? outcome.reason : undefined;
  if (reason === 'held') {
    return 'the account is on hold, because no password opened it a moment ago; no password was sent: wait, or run fairlead flush';
  }
  if (reason === 'too-many-attempts') {
    return 'the limit of wrong passwords of this account is reached (shield.wrongPasswords); no password was sent, so that the directory does not lock it';
  }
  return 'this password was wrong a moment ago (shield.rememberWrong), and was not sent again';
}
