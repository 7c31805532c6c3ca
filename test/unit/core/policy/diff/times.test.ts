/** Policies whose decisions depend on the time of the request. */
import { describe, expect, it } from 'vitest';
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
    ({ change, actions, example: { situation, isTimed } }) =>
      `${change} ${actions.join()} at ${isTimed ? situation.time : 'any time'}`,
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
