/** Policies whose decisions depend on the time of the request. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ConditionKind } from '../../../../../src/config/conditions/index.ts';
import { defineCondition } from '../../../../../src/core/policy/condition.ts';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import { createReplay } from '../../../../../src/core/policy/diff/replay.ts';
import { allKinds } from '../../../../support/any-conditions.ts';
import { callerOf, policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const ANY: RuleText = { users: ['*'], repositories: ['a'] };
const timed = (...rules: readonly RuleText[]) => policyOf(rules, {}, undefined, allKinds);

/** Each class as `gained pull at 100`. */
function changes(before: ReturnType<typeof timed>, after: ReturnType<typeof timed>): readonly string[] {
  return compareByClasses(before, after).classes.map(
    ({ change, actions, example: { situation, relevant } }) =>
      `${change} ${actions.join()} at ${relevant.has('time') ? situation.time : 'any time'}`,
  );
}

describe('a comparison of policies', () => {
  it('finds a change that another rule hides at the default time', () => {
    const before = timed({ ...ANY, deny: ['pull'], period: { from: 0, to: 100 } });
    const after = timed({ ...ANY, deny: ['pull'], period: { from: 0, to: 100 } }, { ...ANY, allow: ['pull'] });

    expect(changes(before, after)).toEqual(['gained pull at -1']);
  });

  it('shows the time of an example only if a rule depends on the time', () => {
    expect(changes(timed(), timed({ ...ANY, allow: ['pull'] }))).toEqual(['gained pull at any time']);
    expect(changes(timed(), timed({ ...ANY, allow: ['pull'], period: { from: 50, to: 60 } }))).toEqual([
      'gained pull at 50',
    ]);
  });

  it('finds the seconds by which one period is longer', () => {
    const period = (to: number) => timed({ ...ANY, allow: ['pull'], period: { from: 100, to } });

    expect(changes(period(200), period(201))).toEqual(['gained pull at 200']);
    expect(changes(period(200), period(200))).toEqual([]);
  });
});

describe('a comparison of policies with two kinds of conditions for the time', () => {
  const DAY = 86_400;
  const TENTH: RuleText = { ...ANY, allow: ['pull'], period: { from: 10 * DAY, to: 11 * DAY } };
  const denial = (from: number, to: number): RuleText => ({ ...ANY, deny: ['pull'], hours: { from, to } });

  it('finds the hours of one day', () => {
    expect(changes(timed(TENTH), timed(TENTH, denial(9, 17)))).toEqual([`lost pull at ${10 * DAY + 9 * 3600}`]);
  });

  it('finds the hours that are left on one day', () => {
    const rest = [denial(0, 9), denial(10, 24)];

    expect(changes(timed(...rest), timed(TENTH, ...rest))).toEqual([`gained pull at ${10 * DAY + 9 * 3600}`]);
  });

  it('proves that no hour is left on that day', () => {
    const all = [denial(0, 9), denial(9, 24)];

    expect(compareByClasses(timed(...all), timed(TENTH, ...all))).toMatchObject({ classes: [], complete: true });
  });

  it('finds the hours of the days before the first date', () => {
    const late: RuleText = { ...ANY, deny: ['pull'], period: { from: -3 * DAY + 3600, to: 99 * DAY } };
    const early: RuleText = { ...ANY, allow: ['pull'], hours: { from: 9, to: 10 } };

    expect(changes(timed(late), timed(late, early))).toEqual([`gained pull at ${-4 * DAY + 9 * 3600}`]);
  });

  it('is open for periods whose common multiple is too long', () => {
    const kinds = [7, 11, 13, 17, 19].map((days) => oddDays(days));
    const rules = kinds.map(({ key }): RuleText => ({ ...ANY, deny: ['pull'], [key]: true }));
    const policy = (...more: readonly RuleText[]) => policyOf([...rules, ...more], {}, undefined, kinds);

    expect(compareByClasses(policy({ ...ANY, allow: ['pull'] }), policy())).toMatchObject({
      complete: false,
      gaps: ['rules depend on the time in too many ways'],
    });
  });
});

/** A condition that holds on one of so many days. */
function oddDays(days: number): ConditionKind {
  const seconds = days * 86_400;
  const make = defineCondition<true>({
    kind: `every${days}`,
    text: () => '',
    holds: (_, { time }) => Math.floor(time / 86_400) % days === 0,
    covers: () => true,
    meets: () => true,
    attributes: () => [],
    samples: () => ({ time: { changes: [0, 86_400], period: seconds } }),
    phrases: () => ({ values: [], nearMiss: '', because: 'days', requirement: '', scope: undefined }),
  });
  return {
    key: `every${days}`,
    description: '',
    schema: z.literal(true).transform(make),
    evaluation: 'any',
    examples: [],
  };
}

describe('a replay of a request whose time is not recorded', () => {
  const request = {
    time: '',
    situation: { caller: callerOf({ user: 'alice' }), service: '', client: '', time: 0 },
    groupsMissing: 0,
    revision: '',
    decisions: [{ asked: { type: 'repository', name: 'a', actions: ['pull'] }, granted: [] }],
  };
  const replayed = (after: RuleText) => {
    const replay = createReplay(timed(), timed(after));
    replay.add(request);
    return replay.result();
  };

  it('is not decided again by a policy that depends on the time', () => {
    const result = replayed({ ...ANY, allow: ['pull'], period: { from: 0, to: 100 } });

    expect(result).toMatchObject({ decisions: 0, withoutTime: 1, changed: [] });
  });

  it('is decided again by a policy that does not', () => {
    expect(replayed({ ...ANY, allow: ['pull'] })).toMatchObject({ decisions: 1, withoutTime: 0, changed: [{}] });
  });
});
