import { describe, expect, it } from 'vitest';
import { grantedPatterns } from '../../../../src/core/policy/granted-patterns.ts';
import { ANONYMOUS } from '../../../../src/core/identity.ts';
import { callerOf, policyOf } from '../../../support/policy-builder.ts';
import type { RuleText } from '../../../support/policy-builder.ts';

const SERVICES = ['a.example.com', 'b.example.com'];

function patternsFor(
  rules: readonly RuleText[],
  caller = callerOf({ user: 'alice', groups: ['team-web', 'team-ops'] }),
): readonly string[] {
  return grantedPatterns(policyOf(rules), caller, SERVICES).patterns.map(
    ({ pattern, actions, services, conditions }) =>
      `${pattern} ${actions.join(',')} at ${services.join(',')}${conditions.length === 0 ? '' : ` if ${conditions.join()}`}`,
  );
}

const ALL = SERVICES.join(',');

describe('the patterns that a caller is granted', () => {
  it('have the values of the caller in place of placeholders', () => {
    expect(
      patternsFor([
        { groups: ['team-{team}'], repositories: ['{team}/**', 'shared/{team}'], allow: ['pull'] },
        { users: ['*'], repositories: ['users/{user}/*'], allow: ['push'] },
      ]),
    ).toEqual([
      `web/** pull at ${ALL}`,
      `shared/web pull at ${ALL}`,
      `ops/** pull at ${ALL}`,
      `shared/ops pull at ${ALL}`,
      `users/alice/* push at ${ALL}`,
    ]);
  });

  it('are without rules for others, rules that deny, and values that are no part of a name', () => {
    expect(
      patternsFor(
        [
          { users: ['bob'], repositories: ['bob/**'], allow: ['pull'] },
          { users: ['*'], repositories: ['web/**'], deny: ['pull'] },
          { users: ['*'], repositories: ['users/{user}/*'], allow: ['push'] },
        ],
        callerOf({ user: 'Alice A' }),
      ),
    ).toEqual([]);
  });

  it('name the services of a rule, and what else must hold', () => {
    expect(
      patternsFor([
        { users: ['*'], repositories: ['x'], services: ['b.example.com'], allow: ['pull'] },
        { users: ['*'], repositories: ['y'], services: ['c.example.com'], allow: ['pull'] },
        { users: ['*'], repositories: ['z'], clients: ['10.0.0.0/8'], allow: ['pull'] },
        { users: ['*'], repositories: ['w'], except: { users: ['alice'] }, allow: ['pull'] },
      ]),
    ).toEqual(['x pull at b.example.com', `z pull at ${ALL} if asked from 10.0.0.0/8`]);
  });

  it('of somebody without a login are those that everyone has', () => {
    const rules = [
      { everyone: true, repositories: ['public/**'], allow: ['pull'] },
      { users: ['*'], repositories: ['web/**'], allow: ['pull'] },
    ];

    expect(patternsFor(rules, ANONYMOUS)).toEqual([`public/** pull at ${ALL}`]);
  });

  it('are cut at 200, and the result says so', () => {
    const groups = Array.from({ length: 300 }, (_, index) => `team-t${index}`);
    const { patterns, isCut } = grantedPatterns(
      policyOf([{ groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull'] }]),
      callerOf({ user: 'alice', groups }),
      SERVICES,
    );

    expect([patterns.length, isCut]).toEqual([200, true]);
  });
});
