/** Flushes the login cache on request of an operator. The next login of each user goes to the backend. */
import type { Authenticator, Log } from '../core/ports.ts';
import type { Shield } from '../flows/shield/shield.ts';
import type { TokenReuse } from '../flows/token-reuse.ts';

interface FlushDeps {
  readonly authenticators: readonly Authenticator[];
  readonly shield: Shield;
  readonly reuse: Pick<TokenReuse, 'clear'>;
  readonly log: Log;
  /** Called after each flush, for the metric. */
  readonly onFlush: () => void;
}

/**
 * @param backend the name of a backend; absent: all backends
 * @returns false when there is no such backend
 */
export type Flush = (backend?: string) => Promise<boolean>;

export function createFlush({ authenticators, shield, reuse, log, onFlush }: FlushDeps): Flush {
  return async (backend) => {
    const chosen = authenticators.filter(({ name }) => backend === undefined || name === backend);
    if (backend !== undefined && chosen.length === 0) return false;
    for (const authenticator of chosen) authenticator.clearCaches?.();
    await shield.flush(backend);
    reuse.clear();
    onFlush();
    log.info('login cache flushed', backend === undefined ? {} : { backend });
    return true;
  };
}
