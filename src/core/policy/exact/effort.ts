/** The bound on the work of a search. A search that gives up has proved nothing. */

export interface Effort {
  /** @param units of some ten nanoseconds */
  spend(units: number): void;
  /** @param reason a clause: `names fit several patterns in too many ways` */
  giveUp(reason: string): void;
  isSpent(): boolean;
  /** Why the search is not exhaustive; empty: it is. */
  reasons(): readonly string[];
}

/** Some seconds of work. */
const MAX_UNITS = 150_000_000;

export function createEffort(units = MAX_UNITS): Effort {
  let left = units;
  const reasons = new Set<string>();
  return {
    spend: (cost) => {
      left -= cost;
      if (left <= 0) reasons.add('the policies have too many combinations of rules to try all of them');
    },
    giveUp: (reason) => void reasons.add(reason),
    isSpent: () => left <= 0,
    reasons: () => [...reasons],
  };
}
