/** The times that a search must try, so that it meets every combination of conditions that depend on the time. */
import { dependsOnlyOn } from './condition.ts';
import type { Condition } from './condition.ts';
import type { Policy } from './policy.ts';
import { ANONYMOUS } from '../identity.ts';
import { DEFAULT_TIME } from './situation.ts';

/** Each time once; only the default if no condition names a time. */
export function sampleTimes(policies: readonly Pick<Policy, 'rules'>[]): readonly number[] {
  const named = policies.flatMap(({ rules }) =>
    rules.flatMap(({ conditions }) => conditions.flatMap(({ samples }) => samples?.time ?? [])),
  );
  return [...new Set([DEFAULT_TIME, ...named])];
}

/** The times at which the conditions may hold, as far as that depends on the time alone. */
export function timesWithin(conditions: readonly Condition[], times: readonly number[]): readonly number[] {
  const timed = conditions.filter((condition) => dependsOnlyOn(condition, 'time'));
  return times.filter((time) => timed.every((condition) => condition.holds({ ...ANYTIME, time }, '')));
}

const ANYTIME = { caller: ANONYMOUS, service: '', client: '' } as const;
