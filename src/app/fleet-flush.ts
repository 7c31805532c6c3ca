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

/** How far a flush or a revocation has come among the brokers that share a store. */
export interface FleetReach {
  /** Whether every broker has applied it. */
  readonly complete: boolean;
  readonly reached: readonly string[];
  /** Those that did not answer within a second. */
  readonly missed: readonly string[];
  /** Why the shared store could not be asked. */
  readonly problem: string | null;
}

/** @param fleet absent: this broker is alone */
export async function reachFleet(fleet: Pick<SharedFleet, 'reach'> | undefined): Promise<FleetReach> {
  if (fleet === undefined) return { complete: true, reached: [], missed: [], problem: null };
  try {
    const { reached, missed } = await fleet.reach();
    return { complete: missed.length === 0, reached, missed, problem: null };
  } catch (error) {
    return { complete: false, reached: [], missed: [], problem: describeError(error) };
  }
}

/** The same as an operator reads it: begins with a semicolon; empty where there are no other brokers. */
export function reachText({ reached, missed, problem }: FleetReach): string {
  if (problem !== null) return `; NOT at other brokers, which are reached when the store is up again: ${problem}`;
  const text = reached.length === 0 ? '' : `; also at ${reached.join(', ')}`;
  return missed.length === 0 ? text : `${text}; NOT at ${missed.join(', ')}, within a second`;
}
