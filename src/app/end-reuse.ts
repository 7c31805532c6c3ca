/** After the end of a credential, no broker gives out again what it has signed for it. */
import { describeError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { TokenReuse } from '../flows/token-reuse.ts';
import type { SharedFleet } from '../platform/valkey/shared-store.ts';

interface EndReuseDeps {
  readonly reuse: Pick<TokenReuse, 'clear'>;
  /** Undefined: this broker is alone. */
  readonly fleet: Pick<SharedFleet, 'endTokens'> | undefined;
  readonly log: Log;
}

/** Never throws: the credential has ended in any case, and what reports its end must not fail afterwards. */
export function createEndReuse({ reuse, fleet, log }: EndReuseDeps): () => Promise<void> {
  return async () => {
    reuse.clear();
    try {
      await fleet?.endTokens();
    } catch (error) {
      log.warn('reuse of signed tokens not ended at other brokers', { cause: describeError(error) });
    }
  };
}
