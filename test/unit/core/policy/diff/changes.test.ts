/** What people read of a replay. */
import { expect, it } from 'vitest';
import { collectChanges } from '../../../../../src/core/policy/diff/changes.ts';
import { createReplay } from '../../../../../src/core/policy/diff/replay.ts';
import { parseScope } from '../../../../../src/core/scope.ts';
import { callerOf, policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const TEAM: RuleText = { name: 'team', groups: ['team-web'], repositories: ['web/**'], allow: ['pull', 'push'] };
const FREEZE: RuleText = { name: 'freeze', users: ['*'], repositories: ['web/**'], deny: ['push'] };
const OPEN: RuleText = { name: 'open', everyone: true, repositories: ['open/**'], allow: ['pull'] };

/** The changes from the team rule alone to it with others, for the scopes of users of the team. */
function changesFor(requests: readonly (readonly [string, string, string])[], most = 100) {
  const changes = collectChanges();
  const replay = createReplay(policyOf([TEAM]), policyOf([TEAM, FREEZE, OPEN]), changes.add);
  for (const [user, scope, time] of requests) {
    const asked = parseScope(scope);
    if (asked === undefined) throw new Error(`${scope} is no scope`);
    const caller = callerOf({ user, groups: ['team-web'] });
    const situation = { caller, service: 's', client: '', time: 0 };
    replay.add({ time, situation, groupsMissing: 0, revision: 'test', decisions: [{ asked, granted: [] }] });
  }
  return changes.result(most);
}

it('equal changes are one, with their number and the last time', () => {
  const { changes, decisions } = changesFor([
    ['alice', 'repository:web/a:pull,push', '2026-05-04T10:00:00Z'],
    ['alice', 'repository:web/a:pull,push', '2026-05-04T09:00:00Z'],
    ['alice', 'repository:web/a:pull', '2026-05-04T11:00:00Z'],
  ]);

  expect(decisions).toBe(2);
  expect(changes).toMatchObject([
    {
      user: 'alice',
      name: 'web/a',
      before: ['pull', 'push'],
      after: ['pull'],
      rulesBefore: [{ rule: 'team' }],
      rulesAfter: [{ rule: 'team' }, { rule: 'freeze' }],
      times: 2,
      last: '2026-05-04T10:00:00Z',
    },
  ]);
});

it('a decision that is the same is no change', () => {
  expect(changesFor([['alice', 'repository:web/a:pull', '']])).toMatchObject({ decisions: 0, changes: [], users: [] });
});

it('losses come first, then the most frequent changes, and the sums are of all', () => {
  const ask = (user: string, name: string): readonly [string, string, string] => [
    user,
    `repository:${name}:pull,push`,
    '',
  ];
  const { changes, ...rest } = changesFor(
    [
      ask('bob', 'open/a'),
      ask('bob', 'open/a'),
      ask('bob', 'open/a'),
      ask('alice', 'web/a'),
      ask('bob', 'web/b'),
      ask('bob', 'web/b'),
    ],
    2,
  );

  expect(changes.map(({ user, name, times }) => [user, name, times])).toEqual([
    ['bob', 'web/b', 2],
    ['alice', 'web/a', 1],
  ]);
  expect(rest).toEqual({
    decisions: 6,
    gained: 3,
    lost: 3,
    unlisted: 1,
    users: [
      { name: 'bob', gained: 3, lost: 2 },
      { name: 'alice', gained: 0, lost: 1 },
    ],
    repositories: [
      { name: 'open/a', gained: 3, lost: 0 },
      { name: 'web/b', gained: 0, lost: 2 },
    ],
  });
});
