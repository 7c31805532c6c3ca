/**
 * Stands between logins and backends. The clients of a registry send the same password for every layer; the shield
 * prevents that this overloads a directory or locks its accounts.
 *
 * - A recent successful login is answered from the cache. The password is part of the cache key: another password finds
 *   no entry, so there is no comparison that a defect could skip.
 * - A repeated wrong password is answered from the cache too, and counts once.
 * - An account on hold (it needs a second factor, or is locked) is not tried with other passwords.
 * - Different wrong passwords are counted by name, client address and account (see `budgets.ts`).
 * - Equal logins at the same time share one answer.
 * - An outage is never cached.
 */
import { ShortLivedMap } from '../../core/short-lived-map.ts';
import type { Deadline } from '../../core/deadline.ts';
import { BrokerError } from '../../core/errors.ts';
import type { AnswerSource } from '../../core/events.ts';
import type { Credential, Identity } from '../../core/identity.ts';
import type { Flight } from '../../core/ledger.ts';
import type { AttemptGuard, Authenticator, AuthnOutcome } from '../../core/ports.ts';
import { cacheEntry } from './cache-treatment.ts';
import { createAdmission } from './admission.ts';
import type { Pass } from './admission.ts';
import { createGuard, isFromGuard } from './guard.ts';
import type { LoginKeys } from './budgets.ts';
import type { ShieldDeps } from './settings.ts';

export interface ShieldedAnswer {
  readonly outcome: AuthnOutcome;
  readonly source: AnswerSource;
}

/** One login with a password, at one backend after the other. */
export interface ShieldedLogin {
  /** Asks a backend, unless the answer is known. Throws what the backend throws. */
  ask(authenticator: Authenticator, deadline: Deadline): Promise<ShieldedAnswer>;
  /**
   * Ends the login. It must be called once.
   *
   * @param outcome the answer to the client; undefined when a backend failed
   */
  end(outcome: AuthnOutcome | undefined): Promise<void>;
}

export interface Shield {
  /** @param client the client address */
  begin(credential: Credential, client: string): ShieldedLogin;
  /** Clears the cache and the counts of one backend, or of all, for an operator. */
  flush(backend?: string): Promise<void>;
  /** Clears the cache of one backend, or of all: its files were read again, or an account has ended. The counts stay. */
  endAnswers(backend?: string): Promise<void>;
}

/** How long to wait for the answer to an equal login of another broker, in milliseconds. */
const ASK_AGAIN_MS = 100;

export function createShield(brokerDeps: ShieldDeps): Shield {
  const { fingerprint, timer } = brokerDeps;
  const admission = createAdmission(brokerDeps);
  /** The logins that this broker asks a backend about; undefined: not admitted. */
  const underWay = new ShortLivedMap<string, Promise<ShieldedAnswer | undefined>>();

  function begin(credential: Credential, client: string): ShieldedLogin {
    const ledger = brokerDeps.ledger.forLogin?.() ?? brokerDeps.ledger;
    const deps: ShieldDeps = { ...brokerDeps, ledger };
    let keys: LoginKeys | undefined;
    let pass: Pass | undefined;
    /** Whether an older login stands in for a backend that is down. Nobody has verified the password now. */
    let isStale = false;
    let hasEnded = false;

    /** Asks for admission, once for all backends. */
    async function enter(deadline: Deadline): Promise<AuthnOutcome | undefined> {
      keys ??= admission.keysOf(credential, client);
      pass ??= await admission.enter(keys, deadline, ledger);
      if (hasEnded) {
        // The request was answered with an outage meanwhile: the backend must not be asked any more.
        await pass.settle(undefined);
        throw new BrokerError('backend_unavailable', 'the login has ended');
      }
      return pass.refusal;
    }

    async function lead(
      authenticator: Authenticator,
      deadline: Deadline,
      flight: Flight,
      stale: Identity | undefined,
    ): Promise<ShieldedAnswer> {
      const refusal = await releasing(flight, enter(deadline));
      if (refusal !== undefined) {
        await ledger.settle({ outcome: 'none', flight });
        return { outcome: refusal, source: 'memory' };
      }
      keys ??= admission.keysOf(credential, client);
      const guard = createGuard(deps, authenticator, credential, keys, deadline);
      try {
        const outcome = await askBackend(authenticator, credential, deadline, guard);
        const account = fingerprint('account', authenticator.name, guard.subject());
        const entry = cacheEntry(deps.settings, outcome, account, keys.name);
        await ledger.settle({ ...guard.settlement(outcome), ...entry, flight });
        return { outcome, source: isFromGuard(outcome) ? 'memory' : 'backend' };
      } catch (error) {
        await ledger.settle({ ...guard.settlement(undefined), flight });
        if (stale === undefined || !isOutage(error)) throw error;
        isStale = true;
        return { outcome: { kind: 'authenticated', identity: stale }, source: 'stale' };
      }
    }

    /** @throws what the work throws, after the flight has ended */
    async function releasing<T>(flight: Flight, work: Promise<T>): Promise<T> {
      try {
        return await work;
      } catch (error) {
        await ledger.settle({ outcome: 'none', flight });
        throw error;
      }
    }

    /** Asks the backend, and shares the answer with equal logins that wait for it. */
    function leadAndShare(login: string, answer: Promise<ShieldedAnswer>): Promise<ShieldedAnswer> {
      const shared = answer.then((one) => (pass?.refusal === undefined ? one : undefined));
      // A failure reaches the caller of `ask`, also when nobody waits.
      shared.catch(() => undefined);
      underWay.set(login, shared);
      return answer.finally(() => {
        if (underWay.get(login) === shared) underWay.delete(login);
      });
    }

    return {
      ask: async (authenticator, deadline) => {
        const { name: backend } = authenticator;
        const login = fingerprint('login', backend, credential.username, credential.password);
        for (;;) {
          const recalled = await ledger.recall({ backend, login, id: deps.ids.next() });
          if (recalled.kind === 'lead') {
            return leadAndShare(login, lead(authenticator, deadline, recalled.flight, recalled.stale));
          }
          const shared = underWay.get(login);
          const isUncontested = recalled.kind === 'success' && !recalled.isContested;
          const refusal = isUncontested ? undefined : await enter(deadline);
          if (refusal !== undefined) return { outcome: refusal, source: 'memory' };
          if (recalled.kind === 'refused') return { outcome: recalled.outcome, source: 'memory' };
          if (recalled.kind === 'success') {
            return { outcome: { kind: 'authenticated', identity: recalled.identity }, source: 'memory' };
          }
          const answer = await underWayAnswer(shared, deadline);
          if (answer !== undefined) return { ...answer, source: 'shared' };
        }
      },
      end: async (outcome) => {
        hasEnded = true;
        await pass?.settle(isStale ? undefined : outcome);
      },
    };
  }

  /** @returns undefined to ask the ledger again */
  async function underWayAnswer(
    shared: Promise<ShieldedAnswer | undefined> | undefined,
    deadline: Deadline,
  ): Promise<ShieldedAnswer | undefined> {
    if (shared !== undefined) return shared;
    if (deadline.left() === 0) throw new BrokerError('backend_unavailable', 'an equal login is still under way');
    await timer.sleep(ASK_AGAIN_MS);
    return undefined;
  }

  return {
    begin,
    flush: (backend) => brokerDeps.ledger.end({ kind: 'answers-and-counts', backend }),
    endAnswers: (backend) => brokerDeps.ledger.end({ kind: 'answers', backend }),
  };
}

/** A backend that knows accounts by more than what was typed calls the guard itself, when it has found the account. */
async function askBackend(
  authenticator: Authenticator,
  credential: Credential,
  deadline: Deadline,
  guard: AttemptGuard,
): Promise<AuthnOutcome> {
  if (authenticator.asksGuard !== true) {
    const refusal = await guard.beforeAttempt(credential.username);
    if (refusal !== undefined) return refusal;
  }
  return authenticator.authenticate(credential, deadline, guard);
}

function isOutage(error: unknown): boolean {
  return !(error instanceof BrokerError) || error.code === 'backend_unavailable';
}
