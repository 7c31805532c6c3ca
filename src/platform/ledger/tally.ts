/** The count of one budget: wrong passwords, and attempts under way. */
import { UNSETTLED_SECONDS } from '../../core/ledger.ts';
import type { Budget } from '../../core/ledger.ts';

/** What is the same for a budget each time. */
type Terms = Pick<Budget, 'limit' | 'window' | 'isClearedBySuccess'>;

export interface Tally extends Terms {
  /** Wrong passwords so far. It never decreases, so that an attempt can note where it began. */
  wrong: number;
  /** How many of these do not count any more. */
  cleared: number;
  /** Milliseconds when the wrong passwords do not count any more. */
  until: number;
  /** The last flush that has cleared it. */
  epoch: number;
  /** When each attempt under way began, in milliseconds; the oldest comes first. Absent: there is none. */
  open: Map<string, number> | undefined;
}

export function newTally({ limit, window, isClearedBySuccess }: Budget, epoch: number): Tally {
  return { limit, window, isClearedBySuccess, wrong: 0, cleared: 0, until: 0, epoch, open: undefined };
}

/** Wrong passwords that count. */
export function wrongOf({ wrong, cleared }: Tally): number {
  return wrong - cleared;
}

export function underWay({ open }: Tally): number {
  return open?.size ?? 0;
}

/** Wrong passwords that count, and attempts under way. */
export function countOf(tally: Tally): number {
  return wrongOf(tally) + underWay(tally);
}

/**
 * Brings it up to date: clears what is older than the window or than a flush, and counts attempts as wrong that were
 * never settled. Whoever made them may have sent the password before it stopped.
 */
export function refresh(tally: Tally, now: number, epoch: number): void {
  if (tally.epoch < epoch) {
    tally.cleared = tally.wrong;
    tally.epoch = epoch;
  }
  for (const [id, since] of tally.open ?? []) {
    const lost = since + UNSETTLED_SECONDS * 1000;
    if (lost > now) break;
    endAttempt(tally, id);
    addWrong(tally, lost);
  }
  // An attempt under way may have extended the window of the directory already.
  const isExtended = tally.isClearedBySuccess && underWay(tally) > 0;
  if (tally.until <= now && !isExtended) tally.cleared = tally.wrong;
}

export function beginAttempt(tally: Tally, id: string, now: number): void {
  tally.open ??= new Map();
  tally.open.set(id, now);
}

/** @returns whether it was under way */
export function endAttempt(tally: Tally, id: string): boolean {
  const wasOpen = tally.open?.delete(id) === true;
  // Most tallies in memory have no attempt under way, and a map takes more memory than the rest.
  if (underWay(tally) === 0) tally.open = undefined;
  return wasOpen;
}

/** @param at milliseconds when it was counted */
export function addWrong(tally: Tally, at: number): void {
  const until = at + tally.window * 1000;
  if (wrongOf(tally) === 0) tally.until = until;
  else if (tally.isClearedBySuccess) tally.until = Math.max(tally.until, until);
  tally.wrong += 1;
}

/**
 * Clears what was settled before an attempt was admitted. Attempts that were under way at the same time may reach the backend
 * after its success, so they stay counted.
 */
export function clearBefore(tally: Tally, sequence: number): void {
  tally.cleared = Math.max(tally.cleared, sequence);
}
