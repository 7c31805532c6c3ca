/**
 * Stands between logins and backends. The clients of a registry send the same password for every layer; the shield
 * prevents that this overloads a directory or locks its accounts.
 *
 * - A recent successful login is answered from the cache. The password is part of the cache key: another password finds
 *   no entry, so there is no comparison that a defect could skip.
 * - A repeated wrong password is answered from the cache too, and counts once.
 * - An account on hold (it needs a second factor, or is locked) is not tried with other passwords.
 * - Different wrong passwords of one account are counted, and refused before the directory reaches its own limit.
 * - Equal logins at the same time share one answer.
 * - An outage is never cached.
 */
import type { Deadline } from '../../core/deadline.ts';
import { BrokerError } from '../../core/errors.ts';
import type { AnswerSource } from '../../core/events.ts';
import type { Credential } from '../../core/identity.ts';
import type { AttemptGuard, Authenticator, AuthnOutcome } from '../../core/ports.ts';
import { createAttempts, ON_HOLD, KNOWN_WRONG, TOO_MANY } from './attempts.ts';
import { createLoginCache } from './login-cache.ts';
import type { ShieldDeps } from './settings.ts';

export interface ShieldedAnswer {
  readonly outcome: AuthnOutcome;
  readonly source: AnswerSource;
}

export interface Shield {
  /**
   * @param client the client address
   * @throws what the backend throws
   */
  authenticate(
    authenticator: Authenticator,
    credential: Credential,
    deadline: Deadline,
    client: string,
  ): Promise<ShieldedAnswer>;
  /**
   * Counts a login under a name that no backend knows, as one of a known account is counted. Otherwise the refusals would
   * show which names exist.
   *
   * @returns whether the name has reached its limit
   */
  noteUnknown(credential: Credential, client: string): Promise<boolean>;
  /** Clears the cache and the counts of one backend, or of all. */
  flush(backend?: string): void;
}

export function createShield(deps: ShieldDeps): Shield {
  const cache = createLoginCache(deps);
  const attempts = createAttempts(deps);
  const inProgress = new Map<string, Promise<ShieldedAnswer>>();
  const generations = new Map<string, number>();
  let generation = 0;

  /** Part of every key: after a flush, no older entry is found. */
  function epochOf(backend: string): string {
    return `${generation}.${generations.get(backend) ?? 0}`;
  }

  async function answer(
    key: string,
    authenticator: Authenticator,
    credential: Credential,
    deadline: Deadline,
    client: string,
  ): Promise<ShieldedAnswer> {
    const cached = await cache.find(key);
    if (cached !== undefined) return { outcome: cached, source: 'memory' };
    if (await attempts.isAtLimit(client)) return { outcome: TOO_MANY, source: 'memory' };
    const guard = attempts.guardFor(`${authenticator.name} ${epochOf(authenticator.name)}`, credential, client);
    try {
      const outcome = await ask(authenticator, credential, deadline, guard);
      await guard.record(outcome);
      await cache.store(key, authenticator.name, outcome, guard.subject());
      return { outcome, source: isFromGuard(outcome) ? 'memory' : 'backend' };
    } catch (error) {
      await guard.release();
      const stale = isOutage(error) ? await cache.findStale(key) : undefined;
      if (stale === undefined) throw error;
      return { outcome: stale, source: 'stale' };
    }
  }

  return {
    authenticate: async (authenticator, credential, deadline, client) => {
      const { name } = authenticator;
      const key = deps.fingerprint('login', name, epochOf(name), credential.username, credential.password);
      const shared = inProgress.get(key);
      if (shared !== undefined) return { ...(await shared), source: 'shared' };
      const own = answer(key, authenticator, credential, deadline, client).finally(() => inProgress.delete(key));
      inProgress.set(key, own);
      return own;
    },
    noteUnknown: attempts.countUnknown,
    flush: (backend) => {
      if (backend === undefined) {
        generation += 1;
        attempts.clear();
      } else generations.set(backend, (generations.get(backend) ?? 0) + 1);
    },
  };
}

/** A backend that knows accounts by more than what was typed calls the guard itself, when it has found the account. */
async function ask(
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

/** Whether the guard answered, and nothing was sent to the backend. */
function isFromGuard(outcome: AuthnOutcome): boolean {
  return outcome === KNOWN_WRONG || outcome === ON_HOLD || outcome === TOO_MANY;
}

function isOutage(error: unknown): boolean {
  return !(error instanceof BrokerError) || error.code === 'backend_unavailable';
}
