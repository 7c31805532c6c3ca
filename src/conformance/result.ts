/** The results of a run, and what they amount to. */
import { LEVELS } from './check.ts';
import type { Check, Level } from './check.ts';

/** `skip` because it does not apply, `blocked` because a check failed that it depends on. */
export type Outcome = 'pass' | 'fail' | 'skip' | 'blocked';

export interface Result {
  readonly check: Check;
  readonly outcome: Outcome;
  /** What was found, without secrets. */
  readonly text: string;
}

export interface Report {
  readonly url: string;
  /** The server, as its file names it. */
  readonly name: string;
  /** Date and time by RFC 3339. */
  readonly time: string;
  readonly results: readonly Result[];
  /** The number of requests that were sent. */
  readonly requests: number;
  readonly seconds: number;
}

/** The number of failed checks by level. */
export function failures({ results }: Report): Readonly<Record<Level, number>> {
  const count = (level: Level): number =>
    results.filter(({ check, outcome }) => check.level === level && outcome === 'fail').length;
  return { must: count('must'), should: count('should'), may: count('may') };
}

/** Whether a check of this level or a more important one failed. */
export function failsAt(report: Report, level: Level): boolean {
  const counts = failures(report);
  return LEVELS.slice(0, LEVELS.indexOf(level) + 1).some((each) => counts[each] > 0);
}
