/** Forgets what is remembered of logins, because an operator says so: each user is looked at anew. */
import type { Authenticator, Log } from '../core/ports.ts';
import type { Shield } from '../flows/shield/shield.ts';

export interface FlushDeps {
  readonly authenticators: readonly Authenticator[];
  readonly shield: Shield;
  readonly log: Log;
  /** For the metric. */
  readonly onFlush: () => void;
}

/**
 * @param backend the name of one; absent: all
 * @returns whether there is such a backend
 */
export type Flush = (backend?: string) => boolean;

export function createFlush({ authenticators, shield, log, onFlush }: FlushDeps): Flush {
  return (backend) => {
    const chosen = authenticators.filter(({ name }) => backend === undefined || name === backend);
    if (backend !== undefined && chosen.length === 0) return false;
    for (const authenticator of chosen) authenticator.forget?.();
    shield.flush(backend);
    onFlush();
    log.info('what was remembered of logins is forgotten', backend === undefined ? {} : { backend });
    return true;
  };
}
