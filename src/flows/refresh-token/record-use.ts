/**
 * Records when a refresh token was last used, at most once a minute for all brokers together: a write for every use makes
 * the store the bottleneck (dexidp/dex#2187), and the time is for people.
 */
import { describeError } from '../../core/errors.ts';
import { expiryOf } from '../../core/refresh-token.ts';
import type { RefreshToken, RefreshTokenLimits } from '../../core/refresh-token.ts';
import type { RefreshTokenDeps } from './deps.ts';

/** A use of the token whose record was read as `seen`. */
interface Use {
  readonly digest: string;
  readonly seen: RefreshToken;
  /** The canonical user name now. */
  readonly username: string;
  readonly limits: RefreshTokenLimits;
}

/** `revoked`: the token was removed since it was read. `unrecorded`: it is valid, and its use could not be written. */
type UseOutcome = { readonly kind: 'valid' | 'revoked' } | { readonly kind: 'unrecorded'; readonly cause: string };

/** @throws BrokerError `records_unavailable` when it cannot be found out whether the token was revoked */
type RecordUse = (use: Use) => Promise<UseOutcome>;

/** Two uses within this time are recorded as one. */
const USE_SECONDS = 60;
/** A write that fails after this time has found no answer. One that is refused fails at once. */
const SLOW_MS = 250;

export function createRecordUse({ store, clock }: Pick<RefreshTokenDeps, 'store' | 'clock'>): RecordUse {
  /** The tokens whose use this process is writing. */
  const underWay = new Set<string>();

  async function write({ digest, seen, username, limits }: Use): Promise<UseOutcome> {
    const now = clock.now();
    const used = { ...seen, username, usedAt: now };
    const expiresAt = expiryOf(used, limits);
    underWay.add(digest);
    try {
      // Other brokers have read the same record: only one of them replaces it.
      const answer = await store.replaceIf(digest, seen, { ...used, expiresAt }, expiresAt - now);
      return { kind: answer === 'missing' ? 'revoked' : 'valid' };
    } finally {
      underWay.delete(digest);
    }
  }

  async function verify(digest: string): Promise<UseOutcome> {
    return { kind: (await store.get(digest)) === undefined ? 'revoked' : 'valid' };
  }

  return async (use) => {
    if (clock.now() - use.seen.usedAt < USE_SECONDS || underWay.has(use.digest)) return verify(use.digest);
    const started = clock.monotonic();
    try {
      return await write(use);
    } catch (error) {
      // The store does not answer: another question would only keep the request waiting.
      if (clock.monotonic() - started >= SLOW_MS) throw error;
      // A full disk ends no login. The token may still have been revoked in the meantime.
      const outcome = await verify(use.digest);
      return outcome.kind === 'valid' ? { kind: 'unrecorded', cause: describeError(error) } : outcome;
    }
  };
}
