/**
 * The keys of an issuer as this backend holds them: fetched when they are first needed, renewed now and then and for a
 * key nobody has seen yet, and kept while the issuer does not answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet } from 'jose';
import { BrokerError } from '../../core/errors.ts';
import type { Clock, Log } from '../../core/ports.ts';
import { raceAbort } from '../http-client/race-abort.ts';
import type { KeySource } from './key-source.ts';

export interface Keys {
  /** jose's way of choosing the key that a token's header names. */
  readonly choose: ReturnType<typeof createLocalJWKSet>;
  /** Monotonic milliseconds of their arrival. */
  readonly at: number;
}

export interface KeySet {
  /** @throws BrokerError `backend_unavailable` when there are no keys, or only ones too old to trust. */
  current(signal: AbortSignal): Promise<Keys>;
  /**
   * Others than these, because a token names a key that is not among them.
   *
   * @returns undefined when there are none: they have just been fetched, or been fetched too often
   * @throws BrokerError `backend_unavailable` when nobody can tell
   */
  newerThan(keys: Keys, signal: AbortSignal): Promise<Keys | undefined>;
  /** Fetches again at the next need; those that are held stay good until then. */
  expire(): void;
}

interface KeySetDeps {
  readonly backend: string;
  readonly fetchKeys: KeySource;
  readonly clock: Clock;
  readonly log: Log;
}

/** A key that its issuer has withdrawn is trusted no longer than this while the issuer answers. */
const MAX_AGE_MS = 600_000;
/** And no longer than this while it does not. */
const MAX_STALE_MS = 24 * 3_600_000;
/** How long a login waits for newer keys when those at hand will do. */
const PATIENCE_MS = 1000;
/** Fetches within `WINDOW_MS`: names of keys are anybody's to invent. */
const MAX_FETCHES = 4;
const WINDOW_MS = 60_000;
/** Between two fetches while there are no keys at all. */
const PAUSE_MS = 1000;

export function createKeySet({ backend, fetchKeys, clock, log }: KeySetDeps): KeySet {
  let known: Keys | undefined;
  let pending: Promise<Keys> | undefined;
  let fetches: readonly number[] = [];
  let failing = false;
  let expired = false;

  const since = (keys: Keys): number => clock.monotonic() - keys.at;

  /** The keys, unless they are too old to trust. */
  function held(): Keys | undefined {
    return known !== undefined && since(known) <= MAX_STALE_MS ? known : undefined;
  }

  function mayFetch(): boolean {
    fetches = fetches.filter((at) => clock.monotonic() - at < WINDOW_MS);
    return pending !== undefined || fetches.length < MAX_FETCHES;
  }

  async function fetchNow(): Promise<Keys> {
    const last = fetches.at(-1);
    // Without keys nobody can log in, so that the limit is a pause and not a refusal.
    const wait = last === undefined || held() !== undefined || !failing ? 0 : last + PAUSE_MS - clock.monotonic();
    if (wait > 0) await sleep(wait);
    fetches = [...fetches, clock.monotonic()].slice(-MAX_FETCHES);
    try {
      const choose = createLocalJWKSet({ keys: [...(await fetchKeys())] });
      known = { choose, at: clock.monotonic() };
      if (failing) log.info('the keys of the tokens’ issuer can be had again', { backend });
      failing = false;
      expired = false;
      return known;
    } catch (error) {
      const message = error instanceof Error ? error.message : 'they cannot be read';
      if (!failing) log.error('the keys of the tokens’ issuer cannot be had', { backend, cause: message });
      failing = true;
      throw new BrokerError('backend_unavailable', `the keys of the tokens’ issuer: ${message}`);
    }
  }

  function shared(): Promise<Keys> {
    if (pending === undefined) {
      pending = fetchNow().finally(() => {
        pending = undefined;
      });
      // Those who wait hear of a failure; when their time is up before, nobody does.
      pending.catch(() => undefined);
    }
    return pending;
  }

  async function fetchUntil(signal: AbortSignal): Promise<Keys> {
    try {
      return await raceAbort(signal, shared());
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      throw new BrokerError('backend_unavailable', 'the keys of the tokens’ issuer did not come in time');
    }
  }

  return {
    current: async (signal) => {
      const keys = held();
      if (keys === undefined) return fetchUntil(signal);
      if ((!expired && since(keys) <= MAX_AGE_MS) || !mayFetch()) return keys;
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
      return fetchUntil(patience).catch(() => keys);
    },
    newerThan: async (keys, signal) => {
      if (known !== undefined && known !== keys) return known;
      if (mayFetch()) return fetchUntil(signal);
      if (!failing) return undefined;
      throw new BrokerError('backend_unavailable', 'the keys of the tokens’ issuer cannot be had', {
        retryAfter: WINDOW_MS / 1000,
      });
    },
    expire: () => {
      expired = true;
      fetches = [];
    },
  };
}
