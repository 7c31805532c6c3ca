/**
 * Records when a stored credential was last used, at most once a minute for all brokers together: a write for every use
 * makes the store the bottleneck (dexidp/dex#2187), and the time is for people.
 */
import { describeError } from '../core/errors.ts';
import type { Clock, ListableStore } from '../core/ports.ts';

/** A use of the credential whose record was read as `seen`. */
interface Use<Value> {
  readonly digest: string;
  readonly seen: Value;
  /** The record after a use at this time, and when it expires. Epoch seconds. */
  used(now: number): { readonly value: Value; readonly expiresAt: number };
}

/** `revoked`: the record was removed since it was read. `unrecorded`: it is valid, and its use could not be written. */
type UseOutcome = { readonly kind: 'valid' | 'revoked' } | { readonly kind: 'unrecorded'; readonly cause: string };

/** @throws BrokerError `records_unavailable` when it cannot be found out whether the credential was revoked */
type RecordUse<Value> = (use: Use<Value>) => Promise<UseOutcome>;

/** Two uses within this time are recorded as one. */
const USE_SECONDS = 60;
/** A write that fails after this time has found no answer. One that is refused fails at once. */
const SLOW_MS = 250;

interface RecordUseDeps<Value> {
  readonly store: ListableStore<Value>;
  readonly clock: Clock;
}

export function createRecordUse<Value extends { readonly usedAt?: number }>({
  store,
  clock,
}: RecordUseDeps<Value>): RecordUse<Value> {
  /** The digests whose use this process is writing. */
  const underWay = new Set<string>();

  async function write({ digest, seen, used }: Use<Value>): Promise<UseOutcome> {
    const now = clock.now();
    const { value, expiresAt } = used(now);
    underWay.add(digest);
    try {
      // Other brokers have read the same record: only one of them replaces it.
      const answer = await store.replaceIf(digest, seen, value, expiresAt - now);
      return { kind: answer === 'missing' ? 'revoked' : 'valid' };
    } finally {
      underWay.delete(digest);
    }
  }

  async function verify(digest: string): Promise<UseOutcome> {
    return { kind: (await store.get(digest)) === undefined ? 'revoked' : 'valid' };
  }

  return async (use) => {
    const { usedAt = -Infinity } = use.seen;
    if (clock.now() - usedAt < USE_SECONDS || underWay.has(use.digest)) return verify(use.digest);
    const started = clock.monotonic();
    try {
      return await write(use);
    } catch (error) {
      // The store does not answer: another question would only keep the request waiting.
      if (clock.monotonic() - started >= SLOW_MS) throw error;
      // A full disk ends no login. The credential may still have been revoked in the meantime.
      const outcome = await verify(use.digest);
      return outcome.kind === 'valid' ? { kind: 'unrecorded', cause: describeError(error) } : outcome;
    }
  };
}
