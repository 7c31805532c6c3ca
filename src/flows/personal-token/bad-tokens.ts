/**
 * Counts personal tokens that are refused, by the network of the client. Nobody can guess one; the count makes a client
 * wait that keeps sending a bad one. It never refuses a valid token, so that nobody can keep others of a network out.
 */
import { identifiesClient, networksOf } from '../../core/client-network.ts';
import type { Budget } from '../../core/ledger.ts';
import type { Fingerprint, Ids, Ledger } from '../../core/ports.ts';

/** Refused tokens of one client address in `WINDOW_SECONDS`. */
const MAX_BAD = 60;
const WINDOW_SECONDS = 60;

interface BadTokenDeps {
  readonly ledger: Ledger;
  readonly fingerprint: Fingerprint;
  readonly ids: Ids;
}

/**
 * Counts one refused token.
 *
 * @param client the client address
 * @returns seconds to wait when there were too many; undefined: there were not
 */
export type CountBadToken = (client: string) => Promise<number | undefined>;

export function createCountBadToken({ ledger, fingerprint, ids }: BadTokenDeps): CountBadToken {
  return async (client) => {
    // Behind a proxy on this machine all clients have one address.
    if (!identifiesClient(client)) return undefined;
    const own = ledger.forLogin?.() ?? ledger;
    const budgets = networksOf(client).map(({ name, share }): Budget => ({
      kind: 'address',
      key: fingerprint('bad tokens', name),
      limit: MAX_BAD * share,
      window: WINDOW_SECONDS,
      isClearedBySuccess: false,
      countsRefused: false,
    }));
    // Each one counts, also the same token again.
    const id = ids.next();
    const reserved = await own.reserve({ id, password: id, budgets, trust: { password: id } });
    if (reserved.kind === 'full') return reserved.retryAfter;
    if (reserved.kind === 'busy') return WINDOW_SECONDS;
    if (reserved.kind === 'go') await own.settle({ outcome: 'wrong', attempt: reserved.attempt });
    return undefined;
  };
}
