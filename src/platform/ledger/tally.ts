/** The count of one budget: wrong passwords, and attempts under way. */
import { UNSETTLED_SECONDS } from '../../core/ledger.ts';
import type { Budget } from '../../core/ledger.ts';

export interface Tally {
  /** Wrong passwords so far. It never decreases, so that an attempt can note where it began. */
  wrong: number;
  /** How many of these do not count any more. */
  cleared: number;
  /** Milliseconds when the wrong passwords do not count any more. */
  until: number;
  /** The last flush that has cleared it. */
  epoch: number;
  /** When each attempt under way began, in milliseconds; the oldest comes first. */
  readonly open: Map<string, number>;
}

export function newTally(epoch: number): Tally {
  return { wrong: 0, cleared: 0, until: 0, epoch, open: new Map() };
}

/** Wrong passwords that count. */
export function wrongOf({ wrong, cleared }: Tally): number {
  return wrong - cleared;
}

/** Wrong passwords that count, and attempts under way. */
export function countOf(tally: Tally): number {
  return wrongOf(tally) + tally.open.size;
}

/**
 * Brings it up to date: clears what is older than the window or than a flush, and counts attempts as wrong that were
 * never settled. Whoever made them may have sent the password before it stopped.
 */
export function refresh(tally: Tally, budget: Budget, now: number, epoch: number): void {
  if (tally.epoch < epoch) {
    tally.cleared = tally.wrong;
    tally.epoch = epoch;
  }
  for (const [id, since] of tally.open) {
    const lost = since + UNSETTLED_SECONDS * 1000;
    if (lost > now) break;
    tally.open.delete(id);
    addWrong(tally, budget, lost);
  }
  // An attempt under way may have extended the window of the directory already.
  const isExtended = budget.isClearedBySuccess && tally.open.size > 0;
  if (tally.until <= now && !isExtended) tally.cleared = tally.wrong;
}

/** @param at milliseconds when it was counted */
export function addWrong(tally: Tally, budget: Budget, at: number): void {
  const until = at + budget.window * 1000;
  if (wrongOf(tally) === 0) tally.until = until;
  else if (budget.isClearedBySuccess) tally.until = Math.max(tally.until, until);
  tally.wrong += 1;
}

/**
 * Clears what was settled before an attempt was admitted. Attempts that were under way beside it may reach the backend
 * after its success, so they stay counted.
 */
export function clearBefore(tally: Tally, sequence: number): void {
  tally.cleared = Math.max(tally.cleared, sequence);
}
