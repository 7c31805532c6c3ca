/** What holds for every policy, every caller and every scope. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatScope, parseScope } from '../../../../src/core/scope.ts';
import { asker, naive, rule, rules, scope } from '../../../support/naive-policy.ts';
import { ask, policyOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';

/** Mutation testing runs all of this for each mutant, and says fewer. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 2000);
const runs = { numRuns: RUNS };
const granted = (policy: readonly RuleText[], who_: Asker, what: string): readonly string[] =>
  ask(policyOf(policy), who_, what).granted;

describe('decisions', () => {
  it('grant within what is asked', () => {
    fc.assert(
      fc.property(rules, asker, scope, (policy, who_, what) => {
        const asked = what.slice(what.lastIndexOf(':') + 1).split(',');
        for (const given of granted(policy, who_, what))
          expect(asked.includes('*') || asked.includes(given)).toBe(true);
      }),
      runs,
    );
  });

  it('do not depend on the order of rules', () => {
    fc.assert(
      fc.property(
        rules.chain((policy) =>
          fc.tuple(fc.constant(policy), fc.shuffledSubarray(policy, { minLength: policy.length })),
        ),
        asker,
        scope,
        ([policy, shuffled], who_, what) => {
          expect(granted(shuffled, who_, what)).toEqual(granted(policy, who_, what));
        },
      ),
      runs,
    );
  });

  it('are never less for one more allow rule, and never more for one more deny rule', () => {
    fc.assert(
      fc.property(rules, rule, asker, scope, (policy, more, who_, what) => {
        const before = granted(policy, who_, what);
        const after = granted([...policy, more], who_, what);
        const [smaller, greater] = more.deny === undefined ? [before, after] : [after, before];
        for (const given of smaller) expect(greater).toContain(given);
      }),
      runs,
    );
  });

  it('never grant what a matching rule denies', () => {
    fc.assert(
      fc.property(rules, asker, scope, (policy, who_, what) => {
        const { granted: given, because } = ask(policyOf(policy), who_, what);
        const denied = because.filter(({ effect }) => effect === 'deny').flatMap(({ actions }) => actions);
        for (const one of given) expect(denied.includes(one) || denied.includes('*')).toBe(false);
      }),
      runs,
    );
  });

  it('are those of somebody who reads every rule, one after the other', () => {
    let some = 0;
    fc.assert(
      fc.property(rules, asker, scope, (policy, who_, what) => {
        const given = granted(policy, who_, what);
        if (given.length > 0) some += 1;
        expect(given).toEqual(naive(policy, who_, what));
      }),
      { numRuns: 2 * RUNS },
    );
    // A comparison of nothing with nothing would prove nothing.
    expect(some).toBeGreaterThan(RUNS / 10);
  });

  it('are made for any names at all', () => {
    const policy = policyOf([
      { users: ['*'], repositories: ['{user}/**'], allow: ['*'] },
      { groups: ['x{g}'], repositories: ['g/{g}/*'], allow: ['pull'] },
    ]);
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string(), { maxLength: 3 }), fc.string(), (name, groups, repo) => {
        const asked = parseScope(`repository:${repo}:pull`);
        if (asked !== undefined) ask(policy, { user: name, groups }, formatScope(asked));
      }),
      runs,
    );
  });
});

describe('scopes', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(scope, (text) => {
        const parsed = parseScope(text);
        expect(parsed).toBeDefined();
        if (parsed !== undefined) expect(parseScope(formatScope(parsed))).toEqual(parsed);
      }),
      runs,
    );
  });
});
