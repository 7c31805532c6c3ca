/**
 * Stands between logins and backends, so that a registry's clients, which send the same password for every layer, do
 * not become a flood that slows a directory or locks its accounts.
 *
 * - A login that was right a moment ago is answered from memory. The password is part of the key under which the
 *   answer is kept: another password finds nothing, so there is no comparison that a defect could skip.
 * - The same wrong password is answered from memory too, and counts once.
 * - An account that no password opens for now (a second factor is wanted, it is locked) is not tried with others.
 * - Different wrong passwords for one account are counted, and refused before they reach the directory's own limit.
 * - Equal logins at the same time share one answer.
 * - An outage is never remembered.
 */
import type { Deadline } from '../../core/deadline.ts';
import { BrokerError } from '../../core/errors.ts';
import type { AnswerSource } from '../../core/events.ts';
import type { Credential } from '../../core/identity.ts';
import type { AttemptGuard, Authenticator, AuthnOutcome } from '../../core/ports.ts';
import { createAttempts, HELD, KNOWN_WRONG, TOO_MANY } from './attempts.ts';
import { createMemory } from './memory.ts';
import type { ShieldDeps } from './settings.ts';

export interface ShieldedAnswer {
  readonly outcome: AuthnOutcome;
  readonly source: AnswerSource;
}

export interface Shield {
  /**
   * @param client the address that asks
   * @throws what the backend throws
   */
  authenticate(
    authenticator: Authenticator,
    credential: Credential,
    deadline: Deadline,
    client: string,
  ): Promise<ShieldedAnswer>;
  /**
   * Counts a login that no backend knew, as one of a known account is counted: guessing names is guessing too, and
   * refusals must not tell which names there are.
   *
   * @returns whether there have been too many
   */
  noteUnknown(credential: Credential, client: string): Promise<boolean>;
  /** Forgets everything remembered and counted of one backend, or of all. */
  flush(backend?: string): void;
}

export function createShield(deps: ShieldDeps): Shield {
  const memory = createMemory(deps);
  const attempts = createAttempts(deps);
  const underWay = new Map<string, Promise<ShieldedAnswer>>();
  const generations = new Map<string, number>();
  let generation = 0;

  /** Part of every key, so that what was remembered before a flush is never found again. */
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
    const known = await memory.recall(key);
    if (known !== undefined) return { outcome: known, source: 'memory' };
    if (await attempts.isHeld(client)) return { outcome: TOO_MANY, source: 'memory' };
    const guard = attempts.guardFor(`${authenticator.name} ${epochOf(authenticator.name)}`, credential, client);
    try {
      const outcome = await ask(authenticator, credential, deadline, guard);
      await guard.settle(outcome);
      await memory.keep(key, authenticator.name, outcome, guard.subject());
      return { outcome, source: isOwn(outcome) ? 'memory' : 'backend' };
    } catch (error) {
      await guard.release();
      const stale = isOutage(error) ? await memory.recallStale(key) : undefined;
      if (stale === undefined) throw error;
      return { outcome: stale, source: 'stale' };
    }
  }

  return {
    authenticate: async (authenticator, credential, deadline, client) => {
      const key = deps.fingerprint(
        'login',
        authenticator.name,
        epochOf(authenticator.name),
        credential.username,
        credential.password.reveal(),
      );
      const shared = underWay.get(key);
      if (shared !== undefined) return { ...(await shared), source: 'shared' };
      const own = answer(key, authenticator, credential, deadline, client).finally(() => underWay.delete(key));
      underWay.set(key, own);
      return own;
    },
    noteUnknown: attempts.countUnknown,
    flush: (backend) => {
      if (backend === undefined) {
        generation += 1;
        attempts.forget();
      } else generations.set(backend, (generations.get(backend) ?? 0) + 1);
    },
  };
}

/** A backend that knows accounts by more than what was typed asks the guard itself, when it has found the account. */
async function ask(
  authenticator: Authenticator,
  credential: Credential,
  deadline: Deadline,
  guard: AttemptGuard,
): Promise<AuthnOutcome> {
  if (authenticator.asksGuard !== true) {
    const refused = await guard.beforeAttempt(credential.username);
    if (refused !== undefined) return refused;
  }
  return authenticator.authenticate(credential, deadline, guard);
}

/** Whether the guard answered, and the backend was spared the attempt. */
function isOwn(outcome: AuthnOutcome): boolean {
  return outcome === KNOWN_WRONG || outcome === HELD || outcome === TOO_MANY;
}

function isOutage(error: unknown): boolean {
  return !(error instanceof BrokerError) || error.code === 'backend_unavailable';
}
