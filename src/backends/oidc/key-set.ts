/**
 * The cache of an issuer's keys: fetched when first needed, renewed after ten minutes and for an unknown key id, and
 * used while the issuer does not answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JWK } from 'jose';
import { BrokerError } from '../../core/errors.ts';
import type { Clock, Log } from '../../core/ports.ts';
import { raceAbort } from '../http-client/race-abort.ts';
import type { KeySource } from './key-source.ts';

export interface Keys {
  readonly list: readonly JWK[];
  /** Monotonic milliseconds when they were fetched. */
  readonly at: number;
}

export interface KeySet {
  /** @throws BrokerError `backend_unavailable` when there are no keys, or only ones too old to trust. */
  current(signal: AbortSignal): Promise<Keys>;
  /**
   * Newer keys than these, because none of them made the signature of a token.
   *
   * @returns undefined when there are no newer ones, or too many fetches were made within a minute
   * @throws BrokerError `backend_unavailable` when the issuer cannot be asked
   */
  newerThan(keys: Keys, signal: AbortSignal): Promise<Keys | undefined>;
  /** Fetches again when keys are needed next; the cached ones stay valid until then. */
  expire(): void;
}

interface KeySetDeps {
  readonly backend: string;
  readonly fetchKeys: KeySource;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a key that its issuer has withdrawn is trusted while the issuer answers. */
const MAX_AGE_MS = 600_000;
/** And while it does not answer. */
const MAX_STALE_MS = 24 * 3_600_000;
/** How long a login waits for newer keys when cached ones can be used. */
const PATIENCE_MS = 1000;
/** Fetches within `WINDOW_MS`: any client can send tokens with invented key ids and signatures. */
const MAX_FETCHES = 4;
const WINDOW_MS = 60_000;
/** The pauses between two fetches while there are no keys: doubled with each failure. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1000;

export function createKeySet({ backend, fetchKeys, clock, log }: KeySetDeps): KeySet {
  let known: Keys | undefined;
  let pending: Promise<Keys> | undefined;
  let fetches: readonly number[] = [];
  let failures = 0;
  let expired = false;

  const since = (keys: Keys): number => clock.monotonic() - keys.at;

  /** The cached keys, unless they are too old to trust. */
  function trusted(): Keys | undefined {
    return known !== undefined && since(known) <= MAX_STALE_MS ? known : undefined;
  }

  function mayFetch(): boolean {
    fetches = fetches.filter((at) => clock.monotonic() - at < WINDOW_MS);
    return pending !== undefined || fetches.length < MAX_FETCHES;
  }

  async function fetchNow(): Promise<Keys> {
    const last = fetches.at(-1);
    // Without keys no user can log in, so the limit is a pause and not a refusal.
    if (last !== undefined && failures > 0 && trusted() === undefined) {
      const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
      const wait = last + pause - clock.monotonic();
      if (wait > 0) await sleep(wait);
    }
    fetches = [...fetches, clock.monotonic()].slice(-MAX_FETCHES);
    try {
      known = { list: await fetchKeys(), at: clock.monotonic() };
      if (failures > 0) log.info('keys of the issuer available again', { backend });
      failures = 0;
      expired = false;
      return known;
    } catch (error) {
      const message = error instanceof Error ? error.message : 'they cannot be read';
      if (failures === 0) log.error('keys of the issuer not available', { backend, cause: message });
      failures += 1;
      throw new BrokerError('backend_unavailable', `the keys of the issuer are not available: ${message}`);
    }
  }

  function shared(): Promise<Keys> {
    if (pending === undefined) {
      pending = fetchNow().finally(() => {
        pending = undefined;
      });
      // Callers that still wait get the error. Without this, it would be an unhandled rejection when none does.
      pending.catch(() => undefined);
    }
    return pending;
  }

  async function fetchUntil(signal: AbortSignal): Promise<Keys> {
    const earlier = pending;
    try {
      // A fetch that began for an earlier login may fail for a reason that has passed since.
      const keys = await raceAbort(signal, shared()).catch((error: unknown) => {
        if (earlier === undefined || signal.aborted) throw error;
        return raceAbort(signal, shared());
      });
      return keys;
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      throw new BrokerError('backend_unavailable', 'the keys of the issuer did not arrive in time');
    }
  }

  return {
    current: async (signal) => {
      const keys = trusted();
      if (keys === undefined) return fetchUntil(signal);
      if ((!expired && since(keys) <= MAX_AGE_MS) || !mayFetch()) return keys;
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
      return fetchUntil(patience).catch(() => keys);
    },
    newerThan: async (keys, signal) => {
      if (known !== undefined && known !== keys) return known;
      if (mayFetch()) return fetchUntil(signal);
      if (failures === 0) return undefined;
      throw new BrokerError('backend_unavailable', 'the keys of the issuer are not available', {
        retryAfter: WINDOW_MS / 1000,
      });
    },
    expire: () => {
      expired = true;
      fetches = [];
    },
  };
}
