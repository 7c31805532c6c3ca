/**
 * The order in which password hashes are computed when more are wanted than the processors can do. Strangers can invent
 * names without end, so hashes for unknown users must not delay those of users.
 *
 * - One turn is never given to an unknown user while there are two or more. An unknown user waits in no queue: when no
 *   turn is free, the hash, which no password matches, is not computed, and the answer waits as long as a hash takes.
 * - Accounts that logged in lately come first, then networks from which somebody did, then all others. Networks of the
 *   same rank take turns.
 * - A network has a share of the places, and the last places are for accounts that logged in lately.
 */
import { BrokerError } from '../core/errors.ts';

interface HashRequest {
  /** The account, by a text that changes with its password; undefined: an unknown user. */
  readonly account: string | undefined;
  /** The network of the client; undefined: not known. */
  readonly network: string | undefined;
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
}

/** Part of the waiting places that one network may have, and that are for accounts that logged in lately. */
const SHARE = 1 / 4;
/** A working day with a night: who logged in yesterday comes first this morning. */
const RECENT_MS = 24 * 3_600_000;
const MAX_RECENT = 10_000;
const RETRY_AFTER_SECONDS = 2;
/** Hashes that end while an answer without a hash waits: the one that keeps it waiting, and its own. */
const HASHES_TO_WAIT = 2;

interface Waiting {
  readonly site: string | undefined;
  readonly begin: () => void;
}

export function createHashQueue({ atOnce, maxWaiting, now }: HashQueueOptions): HashQueue {
  /** From the first to be served to the last: account known lately, network known lately, others. */
  const ranks: readonly Waiting[][] = [[], [], []];
  const recent = { accounts: new Map<string, number>(), networks: new Map<string, number>() };
  /** Answers without a hash, with the number of hashes that they still wait for. */
  let bystanders: { left: number; readonly end: () => void }[] = [];
  const running = { all: 0, unknown: 0 };
  let lastSite: string | undefined;

  const waitingCount = (): number => ranks.reduce((sum, rank) => sum + rank.length, 0);

  function isRecent(times: ReadonlyMap<string, number>, key: string | undefined): boolean {
    const at = key === undefined ? undefined : times.get(key);
    return at !== undefined && now() - at < RECENT_MS;
  }

  function rankOf({ account, network }: HashRequest): number {
    if (isRecent(recent.accounts, account)) return 0;
    return isRecent(recent.networks, network) ? 1 : 2;
  }

  async function waitForTurn(request: HashRequest): Promise<void> {
    const rank = rankOf(request);
    const site = siteOf(request.network);
    const places = rank === 0 ? maxWaiting : maxWaiting * (1 - SHARE);
    const ofSite = ranks.slice(1).flatMap((list) => list.filter((one) => one.site === site)).length;
    if (waitingCount() >= places) throw busy(`${waitingCount()} logins wait already for their password to be hashed`);
    if (rank > 0 && site !== undefined && ofSite >= maxWaiting * SHARE) {
      throw busy(`${ofSite} logins of the same network wait already for their password to be hashed`);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    ranks[rank]?.push({ site, begin: resolve });
    await promise;
  }

  /** Takes the next login out of the queue: of the best rank, of another network than the last where there is one. */
  function takeNext(): Waiting | undefined {
    const rank = ranks.find((list) => list.length > 0);
    if (rank === undefined) return undefined;
    const other = rank.findIndex(({ site }) => site !== lastSite);
    const [next] = rank.splice(Math.max(other, 0), 1);
    lastSite = next?.site;
    return next;
  }

  function endTurn(isUnknown: boolean): void {
    if (isUnknown) running.unknown -= 1;
    const next = takeNext();
    // The turn is passed on directly, so that no later login can take it.
    if (next === undefined) running.all -= 1;
    else next.begin();
    for (const one of bystanders) one.left -= 1;
    const ended = running.all === 0 ? bystanders : bystanders.filter(({ left }) => left <= 0);
    bystanders = bystanders.filter((one) => !ended.includes(one));
    for (const { end } of ended) end();
  }

  async function withTurn<T>(isUnknown: boolean, expired: () => boolean, work: () => Promise<T>): Promise<T> {
    try {
      if (expired()) throw busy('the time for this login is over before its password could be hashed');
      return await work();
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      throw new BrokerError('backend_unavailable', 'a password could not be hashed', { cause: error });
    } finally {
      endTurn(isUnknown);
    }
  }

  async function runUnknown<T>(expired: () => boolean, work: () => Promise<T>): Promise<T | undefined> {
    if (running.all < atOnce && running.unknown < Math.max(1, atOnce - 1)) {
      running.all += 1;
      running.unknown += 1;
      return withTurn(true, expired, work);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    bystanders.push({ left: HASHES_TO_WAIT, end: resolve });
    await promise;
    return undefined;
  }

  return {
    run: async (request, work) => {
      const { account, expired } = request;
      if (account === undefined) return runUnknown(expired, work);
      if (running.all < atOnce) running.all += 1;
      else await waitForTurn(request);
      return withTurn(false, expired, work);
    },
    succeeded: ({ account, network }) => {
      if (account === undefined) return;
      remember(recent.accounts, account, now());
      if (network !== undefined) remember(recent.networks, network, now());
    },
  };
}

/** The /48 of an IPv6 network: a customer of a provider may have as much. Other networks are one site each. */
function siteOf(network: string | undefined): string | undefined {
  const groups = network?.split(':') ?? [];
  return groups.length === 4 ? groups.slice(0, 3).join(':') : network;
}

function remember(times: Map<string, number>, key: string, time: number): void {
  times.delete(key);
  times.set(key, time);
  const [oldest] = times.keys();
  if (times.size > MAX_RECENT && oldest !== undefined) times.delete(oldest);
}

function busy(message: string): BrokerError {
  return new BrokerError('backend_unavailable', message, { retryAfter: RETRY_AFTER_SECONDS });
}
