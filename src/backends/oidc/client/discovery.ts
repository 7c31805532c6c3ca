/**
 * The metadata of the provider (OpenID Connect Discovery 1.0), fetched when it is first needed. Logins that need it at
 * the same time share one request. After a failure the next request is delayed, and logins wait for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../core/ports.ts';
import { raceAbort } from '../../http-client/race-abort.ts';
import type { ProviderMetadata } from './metadata.ts';

interface Discovery {
  /** @throws what `fetchMetadata` throws, or the signal's reason. */
  current(signal: AbortSignal): Promise<ProviderMetadata>;
  /** Asks the provider now, unless it was asked within the last seconds. Throws as `current` does. */
  refresh(signal: AbortSignal): Promise<ProviderMetadata>;
  /** Drops the metadata, because the provider may have other endpoints now. */
  flush(): void;
}

interface DiscoveryDeps {
  readonly clock: Clock;
  /** Fetches the metadata; keeps a time limit of its own. */
  readonly fetchMetadata: () => Promise<ProviderMetadata>;
}

/** Endpoints seldom change: older metadata is used once more, and renewed in the background. */
const MAX_AGE_MS = 600_000;
/** How long an answer to `refresh` counts as "now". */
const RECENT_MS = 5000;
const FIRST_DELAY_MS = 100;
/** Short enough to notice at once that a provider is back, long enough not to overload it. */
const MAX_DELAY_MS = 1000;

export function createDiscovery({ clock, fetchMetadata }: DiscoveryDeps): Discovery {
  let known: { readonly metadata: ProviderMetadata; readonly at: number } | undefined;
  let pending: Promise<ProviderMetadata> | undefined;
  let failures = 0;
  let notBefore = 0;

  const age = (): number => (known === undefined ? Infinity : clock.monotonic() - known.at);

  async function attempt(): Promise<ProviderMetadata> {
    const wait = notBefore - clock.monotonic();
    if (wait > 0) await sleep(wait);
    try {
      const metadata = await fetchMetadata();
      known = { metadata, at: clock.monotonic() };
      failures = 0;
      return metadata;
    } catch (error) {
      notBefore = clock.monotonic() + Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
      failures += 1;
      throw error;
    }
  }

  function shared(): Promise<ProviderMetadata> {
    if (pending === undefined) {
      pending = attempt().finally(() => {
        pending = undefined;
      });
      // Callers that still wait get the error. Without this, it would be an unhandled rejection when none does.
      pending.catch(() => undefined);
    }
    return pending;
  }

  async function ask(signal: AbortSignal): Promise<ProviderMetadata> {
    const joined = pending !== undefined;
    try {
      return await raceAbort(signal, shared());
    } catch (error) {
      // The failed request began before this call: the provider may be back.
      if (!joined || signal.aborted) throw error;
      return raceAbort(signal, shared());
    }
  }

  return {
    current: async (signal) => {
      if (known === undefined) return ask(signal);
      if (age() > MAX_AGE_MS) void shared();
      return known.metadata;
    },
    refresh: async (signal) => (known !== undefined && age() <= RECENT_MS ? known.metadata : ask(signal)),
    flush: () => {
      known = undefined;
    },
  };
}
