/** What an operator ends at one broker ends at all brokers of a fleet, and the answer names those that were not reached. */
import { describeError } from '../core/errors.ts';
import type { Authenticator, Log } from '../core/ports.ts';
import type { TokenReuse } from '../flows/token-reuse.ts';
import type { SharedEnd } from '../platform/valkey/epoch-view.ts';
import type { SharedFleet } from '../platform/valkey/shared-store.ts';

interface ApplyEndDeps {
  readonly authenticators: readonly Authenticator[];
  readonly reuse: Pick<TokenReuse, 'clear'>;
  readonly log: Log;
  /** Called after each flush, for the metric. */
  readonly onFlush: () => void;
}

/** Applies what another broker has ended to what is not in the ledger. */
export function createApplyEnd({ authenticators, reuse, log, onFlush }: ApplyEndDeps): (ended: SharedEnd) => void {
  return (ended) => {
    if (ended.kind === 'account') return;
    reuse.clear();
    if (ended.kind !== 'answers-and-counts') return;
    const { backend } = ended;
    for (const authenticator of authenticators) {
      if (backend === undefined || authenticator.name === backend) authenticator.clearCaches?.();
    }
    onFlush();
    log.info('login cache flushed by another broker', backend === undefined ? {} : { backend });
  };
}

/** How far a flush or revocation has come, as an operator reads it. */
interface FleetAnswer {
  readonly isComplete: boolean;
  /** Begins with a semicolon; empty where there are no other brokers. */
  readonly text: string;
}

/** @param fleet absent: this broker is alone */
export async function reachFleet(fleet: Pick<SharedFleet, 'reach'> | undefined): Promise<FleetAnswer> {
  if (fleet === undefined) return { isComplete: true, text: '' };
  try {
    const { reached, missed } = await fleet.reach();
    const text = reached.length === 0 ? '' : `; also at ${reached.join(', ')}`;
    if (missed.length === 0) return { isComplete: true, text };
    return { isComplete: false, text: `${text}; NOT at ${missed.join(', ')}, within a second` };
  } catch (error) {
    const cause = describeError(error);
    return {
      isComplete: false,
      text: `; NOT at other brokers, which are reached when the store is up again: ${cause}`,
    };
  }
}
