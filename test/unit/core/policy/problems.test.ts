/** Everything the compiler of policies refuses, with the place and the words. */
import { expect, it } from 'vitest';
import { policyOf } from '../../../support/policy-builder.ts';
import type { RuleText } from '../../../support/policy-builder.ts';

const ROLES = { reader: ['pull'], writer: ['pull', 'push'] };
const GOOD: RuleText = { users: ['*'], repositories: ['a'], allow: ['pull'] };

function problems(
  rules: readonly RuleText[],
  roles: Readonly<Record<string, readonly string[]>> = ROLES,
): readonly string[] {
  try {
    policyOf(rules, roles);
    return [];
  } catch (error) {
    return String(error).replace('Error: ', '').split('\n');
  }
}

it.each<[string, RuleText, string]>([
  [
    'an action or role that is none',
    { ...GOOD, allow: ['pull', 'write'] },
    'rules.0.allow.1: "write" is neither an action (pull, push, delete, *) nor a role (roles: reader, writer)',
  ],
  [
    'the same under deny',
    { users: ['*'], repositories: ['a'], deny: ['write'] },
    'rules.0.deny.0: "write" is neither an action (pull, push, delete, *) nor a role (roles: reader, writer)',
  ],
  ['an empty user', { ...GOOD, users: [''] }, 'rules.0.users.0: the pattern "" is empty'],
  [
    'a brace alone in a group',
    { ...GOOD, groups: ['a', 'team-{x'] },
    'rules.0.groups.1: the pattern "team-{x" has a brace without its partner',
  ],
  [
    'two wildcards side by side',
    { ...GOOD, users: ['*{x}'] },
    'rules.0.users.0: the pattern "*{x}" has two wildcards side by side, so that what each stands for is open',
  ],
  [
    'a placeholder that is no name',
    { ...GOOD, users: ['{X y}'] },
    'rules.0.users.0: the pattern "{X y}" has the placeholder {X y}; a name is lower-case letters, digits and _',
  ],
  [
    'a capture of what is always given',
    { ...GOOD, groups: ['{user}-x'] },
    'rules.0.groups.0: the pattern "{user}-x" captures {user}, which is always given; choose another name',
  ],
  [
    'the same capture twice',
    { ...GOOD, groups: ['{a}-{a}'] },
    'rules.0.groups.0: the pattern "{a}-{a}" captures {a} twice',
  ],
  [
    'a service',
    { ...GOOD, services: ['a', '{'] },
    'rules.0.services.1: the pattern "{" has a brace without its partner',
  ],
  [
    'a capture in an exception',
    { ...GOOD, except: { groups: ['x', 'team-{t}'] } },
    'rules.0.except.groups.1: "team-{t}" captures a value, which an exception cannot use; write * instead',
  ],
  ['an empty repository', { ...GOOD, repositories: ['a', ''] }, 'rules.0.repositories.1: the pattern "" is empty'],
  [
    'an empty segment',
    { ...GOOD, repositories: ['a//b'] },
    'rules.0.repositories.0: the pattern "a//b" has an empty segment: a / at an end, or two in a row',
  ],
  [
    '** next to text',
    { ...GOOD, repositories: ['a/b**'] },
    'rules.0.repositories.0: the pattern "a/b**" has ** next to other text in a segment; ** stands alone between slashes',
  ],
  [
    'too many **',
    { ...GOOD, repositories: ['**/a/**/b/**'] },
    'rules.0.repositories.0: the pattern "**/a/**/b/**" has more than 2 segments **',
  ],
  [
    'a placeholder of repositories that is no name',
    { ...GOOD, repositories: ['{A}'] },
    'rules.0.repositories.0: the pattern "{A}" has the placeholder {A}, which is no name',
  ],
  [
    'upper case',
    { ...GOOD, repositories: ['Web/*'] },
    'rules.0.repositories.0: the pattern "Web/*" has upper-case letters, which no repository name has',
  ],
  [
    'what no repository name has',
    { ...GOOD, repositories: ['a b'] },
    'rules.0.repositories.0: the pattern "a b" has "a b": repository names are made of a-z, 0-9 and . _ - between slashes',
  ],
  [
    'a value of nobody',
    { ...GOOD, name: 'n', repositories: ['{team}/*'] },
    'rules.0.repositories.0: user "*" of rule "n" gives no value for {team}; capture it there, or move it to a rule of its own',
  ],
  [
    'a value of some only',
    { users: ['bob'], groups: ['t-{team}', 'x'], name: 'n', repositories: ['{team}/*'], allow: ['pull'] },
    'rules.0.repositories.0: user "bob" and group "x" of rule "n" gives no value for {team}; capture it there, or move it to a rule of its own',
  ],
  [
    'a group of users',
    { ...GOOD, name: 'n', repositories: ['{group}/*'] },
    'rules.0.repositories.0: user "*" of rule "n" gives no value for {group}; name groups instead of users, or move it to a rule of its own',
  ],
  [
    'a user of everyone',
    { everyone: true, repositories: ['{user}/*'], allow: ['pull'] },
    'rules.0.repositories.0: everyone includes anonymous, who has no {user}; write users: ["*"] instead',
  ],
  [
    'an attribute of everyone',
    { everyone: true, repositories: ['{attr:x}/*'], allow: ['pull'] },
    'rules.0.repositories.0: everyone includes anonymous, who has no {attr:x}; write users: ["*"] instead',
  ],
  [
    'a capture of everyone',
    { everyone: true, name: 'n', repositories: ['{t}/*'], allow: ['pull'] },
    'rules.0.repositories.0: everyone of rule "n" gives no value for {t}; capture it there, or move it to a rule of its own',
  ],
])('refuses %s', (_what, rule, problem) => {
  expect(problems([rule])).toEqual([problem]);
  expect(problems([GOOD, rule])).toEqual([problem.replace('rules.0', 'rules.1')]);
});

it('refuses a role that has the name of an action, and actions that are none', () => {
  expect(problems([GOOD], { pull: ['pull'], w: ['pull', 'write'] })).toEqual([
    'roles.pull: a role cannot have the name of the action pull',
    'roles.w.1: expected one of pull, push, delete, *; got "write"',
  ]);
});

it('says that there are no roles where there are none', () => {
  expect(problems([{ ...GOOD, allow: ['writer'] }], {})).toEqual([
    'rules.0.allow.0: "writer" is neither an action (pull, push, delete, *) nor a role; no roles are defined',
  ]);
});

it('reports everything at once', () => {
  expect(problems([{ ...GOOD, users: [''], services: [''], repositories: [''], allow: ['x'] }])).toHaveLength(4);
});

it('takes what is right, with all that a rule may have', () => {
  expect(
    problems([
      GOOD,
      { users: ['*'], repositories: ['{user}/{attr:x}/{claim:y}'], allow: ['reader'] },
      { groups: ['{a}-{b_2}'], repositories: ['{a}/{b_2}', '{group}/x'], allow: ['*'], except: { users: ['a*'] } },
      { everyone: true, catalog: true, allow: ['pull'] },
    ]),
  ).toEqual([]);
});
