/**
 * Admits a login before any backend is asked. It counts refused logins by the name as it was typed and by the client
 * address, and refuses more of them. It cannot find out which names exist, so its answers do not show it.
 */
import { ShortLivedMap } from '../../core/short-lived-map.ts';
import type { Deadline } from '../../core/deadline.ts';
import type { Credential } from '../../core/identity.ts';
import type { Attempt, Ledger, Settlement } from '../../core/ledger.ts';
import type { AuthnOutcome } from '../../core/ports.ts';
import { loginKeys, TRUST_SECONDS } from './budgets.ts';
import type { LoginKeys } from './budgets.ts';
import type { ShieldDeps } from './settings.ts';

/** An admitted or refused login. */
export interface Pass {
  /** The answer to give instead of asking a backend; undefined: go on. */
  readonly refusal: AuthnOutcome | undefined;
  /** @param outcome undefined when there was none */
  settle(outcome: AuthnOutcome | undefined): Promise<void>;
}

interface Admission {
  /**
   * @param ledger for this login
   * @throws BrokerError `backend_unavailable` when other attempts are still under way at the deadline, and it is not known
   *   whether the limit allows this one
   */
  enter(keys: LoginKeys, deadline: Deadline, ledger: Ledger): Promise<Pass>;
  keysOf(credential: Credential, client: string): LoginKeys;
}

/** How long to wait for attempts that other brokers may settle, in milliseconds. */
const ASK_AGAIN_MS = 200;

export function createAdmission(deps: ShieldDeps): Admission {
  const waiting = createQueues();
  /** Equal logins, with the name in the same spelling, from one network at the same time count once. */
  const shared = new ShortLivedMap<string, SharedPass>();

  async function reserve(keys: LoginKeys, deadline: Deadline, ledger: Ledger): Promise<Pass> {
    for (;;) {
      const id = deps.ids.next();
      const wait = waiting.join(keys.queues);
      try {
        const { attempt: password, budgets, trust } = keys;
        const reserved = await ledger.reserve({ id, password, budgets, trust });
        switch (reserved.kind) {
          case 'full':
            wait.leave();
            waiting.wake(keys.queues);
            return refusedPass(reserved.budget, reserved.retryAfter);
          case 'busy':
            await untilWoken(wait.woken, deadline);
            break;
          case 'go':
            return { refusal: undefined, settle: (outcome) => settle(keys, reserved.attempt, outcome, ledger) };
          case 'known':
          case 'on-hold':
            return { refusal: undefined, settle: (outcome) => settle(keys, undefined, outcome, ledger) };
        }
      } finally {
        wait.leave();
      }
    }
  }

  /** @throws BrokerError `backend_unavailable` at the deadline */
  async function untilWoken(woken: Promise<void>, deadline: Deadline): Promise<void> {
    const { ledger, timer } = deps;
    if (ledger.isShared !== true || deadline.left() <= ASK_AGAIN_MS) return timer.within(woken, deadline.left());
    return Promise.race([woken, timer.sleep(ASK_AGAIN_MS)]);
  }

  async function settle(
    keys: LoginKeys,
    attempt: Attempt | undefined,
    outcome: Outcome,
    ledger: Ledger,
  ): Promise<void> {
    await ledger.settle({
      outcome: resultOf(outcome),
      attempt,
      knownSeconds: deps.settings.window,
      ...(isAboutPassword(outcome) ? { trust: { keys: keys.trust, seconds: TRUST_SECONDS } } : {}),
    });
    waiting.wake(keys.queues);
  }

  return {
    keysOf: (credential, client) => loginKeys(deps, credential, client),
    enter: async (keys, deadline, ledger) => {
      const { login: key } = keys;
      const entry = shared.get(key) ?? { pass: reserve(keys, deadline, ledger), users: 0, isSettled: false };
      shared.set(key, entry);
      entry.users += 1;
      // The first outcome counts. Without one, the last login ends the attempt.
      const leave = async (outcome: Outcome, pass?: Pass): Promise<void> => {
        entry.users -= 1;
        if (entry.isSettled || (outcome === undefined && entry.users > 0)) return;
        entry.isSettled = true;
        if (shared.get(key) === entry) shared.delete(key);
        await pass?.settle(outcome);
      };
      try {
        const pass = await entry.pass;
        return { refusal: pass.refusal, settle: (outcome) => leave(outcome, pass) };
      } catch (error) {
        await leave(undefined);
        throw error;
      }
    },
  };
}

/** Equal logins that share an attempt. */
interface SharedPass {
  readonly pass: Promise<Pass>;
  users: number;
  isSettled: boolean;
}

type Outcome = AuthnOutcome | undefined;

function refusedPass(limit: 'account' | 'name' | 'address', seconds: number): Pass {
  const retryAfter = roundedUp(seconds);
  return {
    refusal: { kind: 'rejected', reason: 'too-many-attempts', limit, retryAfter },
    settle: async () => undefined,
  };
}

const MINUTE = 60;

/** The exact time would show when others tried. */
function roundedUp(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / MINUTE)) * MINUTE;
}

/** Every refusal counts, whatever its reason: otherwise the limits would show the state of an account. */
function resultOf(outcome: Outcome): Settlement['outcome'] {
  if (outcome === undefined) return 'none';
  return outcome.kind === 'authenticated' ? 'success' : 'wrong';
}

/** The limit of the account, and a hold, refuse correct passwords as well. */
function isAboutPassword(outcome: Outcome): boolean {
  return outcome?.kind !== 'rejected' || (outcome.reason !== 'too-many-attempts' && outcome.reason !== 'held');
}

interface Place {
  readonly woken: Promise<void>;
  leave(): void;
}

/** Logins that wait until an attempt is settled. */
function createQueues() {
  const queues = new ShortLivedMap<string, Set<() => void>>();
  return {
    join: (names: readonly string[]): Place => {
      const { promise, resolve } = Promise.withResolvers<void>();
      for (const name of names) queues.set(name, (queues.get(name) ?? new Set()).add(resolve));
      return {
        woken: promise,
        leave: () => {
          for (const name of names) {
            const queue = queues.get(name);
            queue?.delete(resolve);
            if (queue?.size === 0) queues.delete(name);
          }
        },
      };
    },
    /**
     * Wakes the first of each queue: an attempt that is settled may free a place for one. If that one is refused, it wakes
     * the next; if it is admitted, its own end does.
     */
    wake: (names: readonly string[]): void => {
      for (const name of names) queues.get(name)?.values().next().value?.();
    },
  };
}
