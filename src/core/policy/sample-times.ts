/** The times that a search must try, so that it meets every combination of conditions that depend on the time. */
import { dependsOnlyOn } from './condition.ts';
import type { Condition, TimeSamples } from './condition.ts';
import type { Policy } from './policy.ts';
import { ANONYMOUS } from '../identity.ts';
import { DEFAULT_TIME } from './situation.ts';

interface SampleTimes {
  /** Each time once, the default first; only the default if no condition depends on the time. */
  readonly values: readonly number[];
  /** False if there are too many combinations of conditions. */
  readonly isComplete: boolean;
}

const MAX_TIMES = 5000;

/**
 * The answers of all conditions together change only when one of them changes. Between two changes that do not repeat,
 * those that repeat do so after the least common multiple of their periods, so one such time from each change is enough.
 */
export function sampleTimes(policies: readonly Pick<Policy, 'rules'>[]): SampleTimes {
  const samples = policies.flatMap(({ rules }) =>
    rules.flatMap(({ conditions }) => conditions.flatMap((condition) => condition.samples?.time ?? [])),
  );
  if (samples.length === 0) return { values: [DEFAULT_TIME], isComplete: true };
  const changes = samples.flatMap((one) => (one.period === undefined ? one.changes : []));
  const repeating = unique(samples.flatMap(repetitionsOf));
  const length = repeating.reduce((all, { period }) => leastCommonMultiple(all, period), 1);
  const before = changes.length === 0 ? [] : [Math.min(...changes) - length];
  const starts = [...new Set([DEFAULT_TIME, ...before, ...changes])];
  const count = repeating.reduce((sum, { period }) => sum + (starts.length * length) / period, starts.length);
  if (count > MAX_TIMES) return { values: starts, isComplete: false };
  const repetitions = starts.flatMap((start) => repeating.flatMap((one) => timesFrom(start, length, one)));
  return { values: [...new Set([...starts, ...repetitions])], isComplete: true };
}

/** One change that repeats. */
interface Repetition {
  readonly change: number;
  readonly period: number;
}

function repetitionsOf({ changes, period }: TimeSamples): readonly Repetition[] {
  return period === undefined ? [] : changes.map((change) => ({ change: remainder(change, period), period }));
}

function unique(repetitions: readonly Repetition[]): readonly Repetition[] {
  return [...new Map(repetitions.map((one) => [`${one.change} ${one.period}`, one])).values()];
}

/** The times of the change in as many seconds from the start. */
function timesFrom(start: number, length: number, { change, period }: Repetition): readonly number[] {
  const first = start + remainder(change - start, period);
  return Array.from({ length: length / period }, (_, index) => first + index * period);
}

/** Not negative, unlike that of `%`. */
function remainder(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest !== 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}

/** The times at which the conditions may hold, as far as that depends on the time alone. */
export function timesWithin(conditions: readonly Condition[], times: readonly number[]): readonly number[] {
  const timed = conditions.filter((condition) => dependsOnlyOn(condition, 'time'));
  return times.filter((time) => timed.every((condition) => condition.holds({ ...ANYTIME, time }, '')));
}

const ANYTIME = { caller: ANONYMOUS, service: '', client: '' } as const;
