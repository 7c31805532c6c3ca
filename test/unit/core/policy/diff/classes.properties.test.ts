/** Every changed decision is in a class that is listed, and the example of every class is a changed decision. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ACTIONS } from '../../../../../src/core/access.ts';
import { decide } from '../../../../../src/core/policy/decide.ts';
import type { Situation } from '../../../../../src/core/policy/situation.ts';
import type { Alternative } from '../../../../../src/core/policy/diff/alternative.ts';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import type { DecisionClass } from '../../../../../src/core/policy/diff/classes.ts';
import type { Policy } from '../../../../../src/core/policy/policy.ts';
import type { Evaluation } from '../../../../../src/core/policy/document.ts';
import type { Scope } from '../../../../../src/core/scope.ts';
import { anyConditions, anyProperties, searchableKinds } from '../../../../support/any-conditions.ts';
import { policyOf, situationOf } from '../../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../../support/policy-builder.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 150);
const TIMEOUT_MS = Math.max(120_000, RUNS * 800);

const word = fc.constantFrom('web', 'api', 'db');
const userPattern = fc.constantFrom('alice', 'bob', 'Alice', '*', 'ci-*', '*-1');
const groupPattern = fc.constantFrom('team-web', 'team-*', '*', 'admins', 't*-web', 'Admins', 'team-{team}');
const groupWithoutCapture = fc.constantFrom('team-web', 'team-*', 'admins', 't*-web');
const segment = fc.constantFrom('web', 'api', 'x', '*', 'w*', '**', '*-1');
const pattern = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .filter((segments) => segments.filter((one) => one === '**').length <= 2)
  .map((segments) => segments.join('/'));
const actions = fc.array(fc.constantFrom('pull', 'push', 'delete', '*'), { minLength: 1, maxLength: 2 });
const callers: fc.Arbitrary<Partial<RuleText>> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ users: fc.array(userPattern, { minLength: 1, maxLength: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ groups: fc.array(groupPattern, { minLength: 1, maxLength: 2 }) }) },
  fc.record({ users: fc.tuple(userPattern), groups: fc.tuple(groupPattern) }),
  fc.constant({ everyone: true }),
);
const except = fc.oneof(
  fc.record({ users: fc.tuple(userPattern) }),
  fc.record({ groups: fc.array(groupWithoutCapture, { minLength: 1, maxLength: 2 }) }),
);
const rest = fc.record({
  except: fc.option(except, { nil: undefined, freq: 3 }),
  conditions: anyConditions(searchableKinds),
  catalog: fc.boolean(),
  actions,
  deny: fc.boolean(),
});
const rule: fc.Arbitrary<RuleText> = fc
  .tuple(
    rest,
    fc.oneof(
      fc.record({ who: callers, repositories: fc.array(pattern, { minLength: 1, maxLength: 2 }) }),
      fc.record({
        who: fc.constant({ groups: ['team-{team}'] }),
        repositories: fc.subarray(['{team}/**', 'all/{team}-*', '*/{team}', '{group}'], { minLength: 1 }),
      }),
      fc.record({
        who: fc.constantFrom<Partial<RuleText>>({ users: ['ci-{team}'] }, { users: ['{team}-1'] }),
        repositories: fc.subarray(['{team}/**', 'all/{team}-*', '{user}/{team}', '{user}/w*'], { minLength: 1 }),
      }),
      fc.record({
        who: fc.constantFrom<Partial<RuleText>>({ users: ['*'] }, { users: ['ci-*', 'Alice'] }),
        repositories: fc.subarray(['{user}/**', 'all/{user}-*', '{attr:team}/*'], { minLength: 1 }),
      }),
    ),
  )
  .map(([{ except: exceptions, conditions, catalog, actions: named, deny }, { who, repositories }]) => ({
    ...who,
    repositories,
    catalog,
    ...conditions,
    ...(exceptions === undefined ? {} : { except: exceptions }),
    ...(deny ? { deny: named } : { allow: named }),
  }));
const rules = fc.array(rule, { minLength: 1, maxLength: 5 });
/** One policy made of the other: most rules stay. */
const twoPolicies = fc.oneof(
  fc.tuple(rules, rules),
  fc.tuple(rules, fc.array(rule, { maxLength: 1 }), fc.nat(6)).map(([all, more, at]) => {
    return [all, [...all.toSpliced(at, 1), ...more].toReversed()] as [RuleText[], RuleText[]];
  }),
);

const group = fc.oneof(
  word.map((name) => `team-${name}`),
  fc.constantFrom('team-', 't-web', 'admins', 'Admins', 'other'),
);
const asker: fc.Arbitrary<Asker> = fc
  .record({
    user: fc.option(fc.constantFrom('alice', 'Alice', 'bob', 'ci-1', 'ci-web', 'x-1', 'web', 'somebody'), {
      nil: undefined,
    }),
    groups: fc.array(group, { maxLength: 3 }),
    caseless: fc.boolean(),
    teams: fc.array(word, { maxLength: 2 }),
    properties: anyProperties(searchableKinds),
  })
  .map(({ user, teams, properties, ...others }) => ({
    ...others,
    ...properties,
    ...(user === undefined ? {} : { user }),
    attributes: { 'attr:team': teams },
  }));
const repository = fc
  .array(fc.constantFrom('web', 'api', 'x', 'wx', 'w-1', 'all', 'web-1', 'alice', 'team-web', 'ci-1'), {
    minLength: 1,
    maxLength: 5,
  })
  .map((segments): Scope => ({ type: 'repository', name: segments.join('/'), actions: ACTIONS }));
const asked = fc.oneof(
  { weight: 9, arbitrary: repository },
  { weight: 1, arbitrary: fc.constant<Scope>({ type: 'registry', name: 'catalog', actions: ['*'] }) },
);

/** Whether the request is one that the alternative matches; decided by a policy of that alternative alone. */
function speaks({ who, pattern: place }: Alternative, situation: Situation, scope: Scope): boolean {
  const alone: RuleText = {
    ...(who.kind === 'everyone' ? { everyone: true } : { [`${who.kind}s`]: [who.pair.exact.text] }),
    ...(place === undefined ? { catalog: true } : { repositories: [place.text] }),
    allow: ['*'],
  };
  return decide(policyOf([alone]), situation, scope).granted.length > 0;
}

function covers(one: DecisionClass, change: string, action: string, situation: Situation, scope: Scope): boolean {
  if (one.change !== change || !(one.actions as readonly string[]).includes(action)) return false;
  return one.alternatives.every((alternative) => speaks(alternative, situation, scope));
}

function check(before: Policy, after: Policy, requests: readonly (readonly [Asker, Scope])[]) {
  const { classes, complete } = compareByClasses(before, after);
  for (const { example, actions: named, change } of classes) {
    const old = decide(before, example.situation, example.asked).granted;
    const next = decide(after, example.situation, example.asked).granted;
    for (const action of named) {
      expect([old.includes(action), next.includes(action)]).toEqual(change === 'lost' ? [true, false] : [false, true]);
    }
  }
  let differing = 0;
  for (const [one, scope] of requests) {
    const situation = situationOf(one);
    const old = decide(before, situation, scope).granted;
    const next = decide(after, situation, scope).granted;
    for (const action of new Set(old).symmetricDifference(new Set(next))) {
      differing += 1;
      const change = old.includes(action) ? 'lost' : 'gained';
      const listed = classes.filter((found) => covers(found, change, action, situation, scope));
      // Where the search gave up, it says so instead of listing all.
      if (listed.length === 0 && complete)
        throw new Error(`${change} ${action}: ${JSON.stringify(one)} ${scope.name} is in no class`);
    }
  }
  return { differing, complete };
}

/** Of all requests that are decided below. */
let decidedOtherwise = 0;

it.each<[Evaluation, Evaluation]>([
  ['union', 'union'],
  ['union', 'first-match'],
  ['first-match', 'first-match'],
])(
  'the comparison lists a class for every changed decision, from %s to %s',
  (from, to) => {
    const numRuns = to === 'union' ? RUNS : Math.ceil(RUNS / 5);
    let incomplete = 0;
    fc.assert(
      fc.property(
        twoPolicies,
        fc.array(fc.tuple(asker, asked), { minLength: 20, maxLength: 20 }),
        ([old, next], requests) => {
          const checked = check(
            policyOf(old, {}, from, searchableKinds),
            policyOf(next, {}, to, searchableKinds),
            requests,
          );
          decidedOtherwise += checked.differing;
          if (!checked.complete) incomplete += 1;
        },
      ),
      { numRuns },
    );
    // Exceptions of exceptions are not followed to the end, which is reported.
    expect(incomplete).toBeLessThan(to === 'union' ? numRuns / 4 : numRuns * 0.6);
  },
  TIMEOUT_MS,
);

it('the comparison of random policies has seen changed decisions', () => {
  expect(decidedOtherwise).toBeGreaterThan(RUNS / 10);
});
