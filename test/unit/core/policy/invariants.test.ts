/** Invariants are proved, broken by a request, or open. */
import { describe, expect, it } from 'vitest';
import { readInvariant } from '../../../../src/config/invariants.ts';
import { invariantSchema } from '../../../../src/config/invariants.ts';
import { proofText } from '../../../../src/config/request-text.ts';
import { proveInvariant } from '../../../../src/core/policy/invariants.ts';
import type { Invariant, ProveOptions } from '../../../../src/core/policy/invariants.ts';
import { allKinds } from '../../../support/any-conditions.ts';
import { policyOf } from '../../../support/policy-builder.ts';
import type { RuleText } from '../../../support/policy-builder.ts';

const RULES: readonly RuleText[] = [
  { name: 'teams', groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] },
  { name: 'pipeline', users: ['bot'], repositories: ['*/release/**'], allow: ['pull', 'push'] },
  {
    name: 'nobody else',
    users: ['*'],
    except: { users: ['bot'] },
    repositories: ['*/release/**'],
    deny: ['push', 'delete'],
  },
  { name: 'public', everyone: true, repositories: ['public/**'], catalog: true, allow: ['pull'] },
];

function invariantOf(written: object): Invariant {
  const parsed = invariantSchema.parse({ name: 'claim', ...written });
  const result = readInvariant(parsed, { file: 'policy.yaml', line: 9, roles: new Map([['writer', ['push']]]) });
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems));
  return result.invariant;
}

function proof(written: object, rules = RULES, options: ProveOptions = {}): string {
  return proofText(proveInvariant(policyOf(rules), invariantOf(written), options));
}

const ANY = { repositories: ['**'], actions: ['push', 'delete'] };

describe('an invariant is proved', () => {
  it.each<[string, object]>([
    ['never, for everyone', { never: { everyone: true, repositories: ['**'], actions: ['delete'] } }],
    ['never, for requests without a login', { never: { anonymous: true, ...ANY } }],
    [
      'never, for a group that a rule denies it, but for one user',
      { never: { groups: ['team-web'], except: { users: ['bot'] }, repositories: ['web/release/x'], actions: 'push' } },
    ],
    ['only, for a user', { only: { users: ['bot'], repositories: ['*/release/**'], actions: ['push', 'delete'] } }],
    [
      'only, for each value of a capture',
      { only: { groups: ['team-{t}'], users: ['bot'], repositories: ['{t}/**'], actions: 'push' } },
    ],
    [
      'only, for an action by the name of a role',
      { only: { users: ['bot'], repositories: ['*/release/**'], actions: 'writer' } },
    ],
    [
      'always, for each value of a capture',
      { always: { groups: ['team-{t}'], repositories: ['{t}/**'], actions: 'pull' } },
    ],
    ['always, for the catalog', { always: { everyone: true, catalog: true, actions: '*' } }],
  ])('%s', (_what, written) => {
    expect(proof(written)).toBe('PROVED');
  });
});

describe('the example of a broken invariant', () => {
  const RULE: RuleText = { name: 'r', users: ['ann'], repositories: ['a'], allow: ['pull'] };
  const exampleWith = (...more: readonly RuleText[]): string => {
    const policy = policyOf([RULE, ...more], {}, undefined, allKinds);
    return proofText(
      proveInvariant(policy, invariantOf({ never: { users: ['ann'], repositories: ['a'], actions: 'pull' } })),
    );
  };
  const granted = 'and is granted it by rule "r" (policy.yaml:1)';

  it('has a time only where the policy depends on the time, even at midnight', () => {
    expect(exampleWith()).toBe(`BROKEN: user ann asks repository:a:pull ${granted}`);
    expect(exampleWith({ users: ['bob'], repositories: ['a'], deny: ['pull'], hours: { from: 9, to: 17 } })).toBe(
      `BROKEN: user ann asks repository:a:pull at 1970-01-01T00:00:00Z ${granted}`,
    );
  });

  it('has a service only where the policy depends on the service', () => {
    expect(exampleWith({ users: ['bob'], repositories: ['a'], deny: ['pull'], services: ['one'] })).toBe(
      `BROKEN: user ann asks repository:a:pull for the service x ${granted}`,
    );
  });
});

describe('an invariant is broken', () => {
  it.each<[string, object, string]>([
    [
      'never, by anonymous',
      { never: { anonymous: true, repositories: ['**'], actions: 'pull' } },
      'BROKEN: anonymous asks repository:public:pull and is granted it by rule "public" (policy.yaml:4)',
    ],
    [
      'never, by the catalog',
      { never: { users: ['*'], catalog: true, actions: '*' } },
      'BROKEN: user x asks registry:catalog:* and is granted it by rule "public" (policy.yaml:4)',
    ],
    [
      'only, by a deeper place than the denial is for',
      { only: { users: ['bot'], repositories: ['**/release/**'], actions: 'push' } },
      'BROKEN: user x, in team-y asks repository:y/z/release:push and is granted it by rule "teams" (policy.yaml:1)',
    ],
    [
      'only, by a group that differs in case',
      { only: { groups: ['team-web'], users: ['bot'], repositories: ['web/**'], actions: 'push' } },
      'BROKEN: user x, in team-WEB asks repository:web:push and is granted it by rule "teams" (policy.yaml:1)',
    ],
    [
      'only, by callers with another value of the capture',
      { only: { groups: ['{t}-dev'], users: ['bot'], repositories: ['{t}/**'], actions: 'push' } },
      'BROKEN: user x, in team-y asks repository:y:push and is granted it by rule "teams" (policy.yaml:1)',
    ],
    [
      'always, by a denial',
      { always: { groups: ['team-{t}'], repositories: ['{t}/**'], actions: 'push' } },
      'BROKEN: user x, in team-y asks repository:y/release:push and is not granted it: decided by rule "teams" (policy.yaml:1) and rule "nobody else" (policy.yaml:3)',
    ],
    [
      'always, by a place that no rule is for',
      { always: { users: ['*'], repositories: ['lab/*'], actions: 'pull' } },
      'BROKEN: user x asks repository:lab/y:pull and is not granted it: no rule allows it',
    ],
  ])('%s', (_what, written, expected) => {
    expect(proof(written)).toBe(expected);
  });

  it('only, by members of one team in the namespace of another one', () => {
    const rules: readonly RuleText[] = [
      ...RULES,
      { name: 'helpers', groups: ['team-web'], repositories: ['api/**'], allow: ['push'] },
    ];
    const written = { only: { groups: ['team-{t}'], users: ['bot'], repositories: ['{t}/**'], actions: 'push' } };

    expect(proof(written, rules)).toBe(
      'BROKEN: user x, in team-web asks repository:api:push and is granted it by rule "helpers" (policy.yaml:5)',
    );
  });

  it('but not by groups in other letters where all sources ignore case', () => {
    const written = { only: { groups: ['team-web'], users: ['bot'], repositories: ['web/**'], actions: 'push' } };

    expect(proof(written, RULES, { forms: ['folded'] })).toBe('PROVED');
  });

  it('but not through a service that is not configured', () => {
    const rules: readonly RuleText[] = [{ users: ['*'], services: ['old'], repositories: ['**'], allow: ['delete'] }];
    const written = { never: { everyone: true, repositories: ['**'], actions: 'delete' } };

    expect(proof(written, rules, { services: ['new'] })).toBe('PROVED');
    expect(proof(written, rules)).toMatch(/^BROKEN/);
  });
});

it('an invariant is open where only a request shows whether a rule matches', () => {
  const rules: readonly RuleText[] = [
    { users: ['*'], match: { account: '/^a/' }, repositories: ['x'], allow: ['pull'] },
  ];
  const invariant = invariantOf({ never: { everyone: true, repositories: ['y'], actions: ['pull'] } });

  expect(proofText(proveInvariant(policyOf(rules, {}, 'first-match'), invariant))).toBe(
    'OPEN: not proved, because rules have conditions that only a request can show',
  );
});

describe('an invariant is refused', () => {
  it.each<[object, string]>([
    [{}, 'expected one of never, only and always'],
    [{ never: { everyone: true, ...ANY }, only: { users: ['a'], ...ANY } }, 'expected one of never, only and always'],
    [{ only: { everyone: true, ...ANY } }, 'expected users or groups in only, found everyone'],
    [{ always: { anonymous: true, ...ANY } }, 'expected anonymous: true in never only'],
    [{ never: ANY }, 'expected users, groups or everyone: true, or instead of them anonymous: true'],
    [{ never: { everyone: true, actions: 'pull' } }, 'expected repositories or catalog: true, found none of them'],
  ])('%j', (written, message) => {
    const { error } = invariantSchema.safeParse({ name: 'claim', ...written });

    expect(error?.issues.map((issue) => issue.message)).toContain(message);
  });

  it('with the place of an unknown action', () => {
    const parsed = invariantSchema.parse({
      name: 'claim',
      never: { everyone: true, repositories: ['x'], actions: 'pul' },
    });

    expect(readInvariant(parsed, { file: '', line: 1, roles: new Map() })).toMatchObject({
      problems: [{ path: ['never', 'actions', 0], message: expect.stringContaining('"pul" is neither an action') }],
    });
  });
});
