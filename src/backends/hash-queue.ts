/**
 * The order in which password hashes are computed when more are needed than the processors can do. Attackers can invent
 * names without end, so hashes for unknown users must not delay those of users; and nothing may show which names exist.
 *
 * - All logins follow one rule, which depends on what was typed, where it came from and what was correct before: how long
 *   they wait (see `hash-pace.ts`), at which place of the queue, and when they are refused. It does not depend on whether
 *   the user exists.
 * - A password that was correct lately comes first, then logins from networks from which somebody logged in, then all
 *   others. The last places are for passwords that were correct lately.
 * - An unknown user whose turn has come takes the time of a hash, and passes the turn on at once. Its hash, which no
 *   password matches, is computed only while nobody waits, and for at most a quarter of one processor.
 */
import { BrokerError } from '../core/errors.ts';
import { createHashPace } from './hash-pace.ts';

interface HashRequest {
  /** The user name as it was typed; undefined: not known. */
  readonly name: string | undefined;
  /** The network of the client; undefined: not known. */
  readonly network: string | undefined;
  /** A text that is different for every other account or password. */
  readonly login: string;
  /** Whether the user does not exist. */
  readonly isUnknown: boolean;
  /** Called after the wait, so that nothing is computed for a client that has given up. */
  readonly expired: () => boolean;
}

interface HashQueue {
  /**
   * @returns what `work` returns; undefined for an unknown user whose hash was not computed
   * @throws BrokerError `backend_unavailable` when too many wait, or the time is over
   */
  run<T>(request: HashRequest, work: () => Promise<T>): Promise<T | undefined>;
  /** Records a successful login. */
  succeeded(request: HashRequest): void;
}

interface HashQueueOptions {
  /** Hashes computed at the same time. */
  readonly atOnce: number;
  /** Logins that wait. */
  readonly maxWaiting: number;
  /** Milliseconds from any start. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** Part of the waiting places for passwords that were correct lately. */
const SHARE = 1 / 4;
/** A working day with a night: who logged in yesterday comes first this morning. */
const RECENT_MS = 24 * 3_600_000;
const MAX_RECENT = 10_000;
const RETRY_AFTER_SECONDS = 2;
/** How long a hash takes until one is measured. */
const FIRST_HASH_MS = 100;
/** Part of a processor for the hashes of unknown users. */
const UNKNOWN_SHARE = 1 / 4;

interface Waiting {
  readonly isUnknown: boolean;
  readonly begin: () => void;
}

export function createHashQueue({ atOnce, maxWaiting, now, sleep }: HashQueueOptions): HashQueue {
  const pace = createHashPace({ atOnce, now });
  /** From the first to be served to the last: password correct lately, network known lately, others. */
  const ranks: readonly Waiting[][] = [[], [], []];
  const recent = { logins: new Map<string, number>(), networks: new Map<string, number>() };
  let running = 0;
  /** When the next hash of an unknown user may be computed. */
  let unknownFrom = 0;
  let hashMs = FIRST_HASH_MS;

  function isRecent(times: ReadonlyMap<string, number>, key: string | undefined): boolean {
    const at = key === undefined ? undefined : times.get(key);
    return at !== undefined && now() - at < RECENT_MS;
  }

  function rankOf({ login, network }: HashRequest): number {
    if (isRecent(recent.logins, login)) return 0;
    return isRecent(recent.networks, network) ? 1 : 2;
  }

  async function keepPace({ name, network }: HashRequest): Promise<void> {
    const delay = pace.delayFor({ name, site: siteOf(network) }, hashMs);
    if (delay === undefined) throw busy('too many logins of the same name or network wait to be hashed');
    if (delay > 0) await sleep(delay);
  }

  /** @returns whether the login has a turn, which it must end */
  async function turnFor({ isUnknown }: HashRequest, rank: number): Promise<boolean> {
    if (running < atOnce) {
      if (isUnknown && now() < unknownFrom) return false;
      if (isUnknown) unknownFrom = Infinity;
      running += 1;
      return true;
    }
    const waiting = ranks.reduce((sum, list) => sum + list.length, 0);
    const places = rank === 0 ? maxWaiting : maxWaiting * (1 - SHARE);
    if (waiting >= places) throw busy(`${waiting} logins wait already for their password to be hashed`);
    const { promise, resolve } = Promise.withResolvers<void>();
    ranks[rank]?.push({ isUnknown, begin: resolve });
    await promise;
    return !isUnknown;
  }

  /** The turn is passed on directly, so that no later login can take it. Unknown users need none. */
  function endTurn(): void {
    for (;;) {
      const next = ranks.find((list) => list.length > 0)?.shift();
      if (next === undefined) running -= 1;
      next?.begin();
      if (next?.isUnknown !== true) return;
    }
  }

  async function inTurn<T>({ isUnknown, expired }: HashRequest, work: () => Promise<T>): Promise<T> {
    const began = now();
    try {
      if (expired()) throw tooLate();
      const result = await work();
      hashMs += (now() - began - hashMs) / 4;
      return result;
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      throw new BrokerError('backend_unavailable', 'a password could not be hashed', { cause: error });
    } finally {
      if (isUnknown) unknownFrom = now() + (now() - began) * (1 / UNKNOWN_SHARE - 1);
      endTurn();
    }
  }

  return {
    run: async (request, work) => {
      const rank = rankOf(request);
      if (rank > 0) await keepPace(request);
      if (await turnFor(request, rank)) return inTurn(request, work);
      if (request.expired()) throw tooLate();
      await sleep(hashMs);
      return undefined;
    },
    succeeded: ({ login, network }) => {
      note(recent.logins, login, now());
      if (network !== undefined) note(recent.networks, network, now());
    },
  };
}

/** The /48 of an IPv6 network: a customer of a provider may have as much. Other networks are one site each. */
function siteOf(network: string | undefined): string | undefined {
  const groups = network?.split(':') ?? [];
  return groups.length === 4 ? groups.slice(0, 3).join(':') : network;
}

function note(times: Map<string, number>, key: string, time: number): void {
  times.delete(key);
  times.set(key, time);
  const [oldest] = times.keys();
  if (times.size > MAX_RECENT && oldest !== undefined) times.delete(oldest);
}

function tooLate(): BrokerError {
  return busy('the time for this login is over before its password could be hashed');
}

function busy(message: string): BrokerError {
  return new BrokerError('backend_unavailable', message, { retryAfter: RETRY_AFTER_SECONDS });
}
