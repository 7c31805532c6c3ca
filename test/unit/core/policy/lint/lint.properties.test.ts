/** A rule of which lint says that it has no effect can be removed, and no decision changes. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { lintPolicy } from '../../../../../src/core/policy/lint/lint.ts';
import type { FindingCode } from '../../../../../src/core/policy/lint/finding.ts';
import { allKinds, anyConditions, anyProperties } from '../../../../support/any-conditions.ts';
import { ask, policyOf } from '../../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../../support/policy-builder.ts';

const SIZE = process.env['PROPERTY_RUNS'];
const RUNS = Number(SIZE ?? 4000);
const TIMEOUT_MS = Math.max(120_000, RUNS * 50);

const WITHOUT_EFFECT: ReadonlySet<FindingCode> = new Set([
  'adds-nothing',
  'eaten-by-deny',
  'deny-without-bite',
  'matches-no-repository',
  'unreachable',
]);

const actions = fc.array(fc.constantFrom('pull', 'push', 'delete', '*'), { minLength: 1, maxLength: 3 });
const who = fc.oneof(
  fc.record({ users: fc.constantFrom(['alice'], ['*'], ['a*', 'bob']) }),
  fc.record({ groups: fc.constantFrom(['team-web'], ['team-*'], ['admins', 'team-web']) }),
  fc.constant({ everyone: true }),
);
const repositories = fc.array(fc.constantFrom('web/**', 'web/*', 'web/a', '**', '*/a', '-x', 'api'), {
  minLength: 1,
  maxLength: 2,
});
const plain = fc.tuple(who, repositories).map(([whoText, places]) => ({ ...whoText, repositories: places }));
const captured = fc.record({
  groups: fc.constant(['team-{team}']),
  repositories: fc.constantFrom(['{team}/**'], ['{team}/a'], ['{team}/*', 'api']),
});
const rule: fc.Arbitrary<RuleText> = fc
  .tuple(fc.oneof(plain, plain, captured), fc.boolean(), actions, anyConditions(allKinds), fc.boolean())
  .map(([text, isDeny, named, conditions, catalog]) => ({
    ...text,
    ...(isDeny ? { deny: named } : { allow: named }),
    ...conditions,
    catalog,
  }));
const rules = fc.array(rule, { minLength: 2, maxLength: 5 });
const caller: fc.Arbitrary<Asker> = fc.oneof(
  fc.constant({}),
  fc.record({
    user: fc.constantFrom('alice', 'bob', 'carol'),
    groups: fc.array(fc.constantFrom('team-web', 'team-api', 'admins'), { maxLength: 2 }),
  }),
);
const asker = fc.tuple(caller, anyProperties(allKinds)).map(([one, properties]): Asker => ({ ...one, ...properties }));
const place = fc.constantFrom('web', 'web/a', 'web/b', 'api', 'api/a', 'web/a/b', 'x');
const scope = fc.oneof(
  fc.constant('registry:catalog:*'),
  fc.tuple(place, actions).map(([name, requested]) => `repository:${name}:${requested.join()}`),
);

it.each(['union', 'first-match'] as const)(
  'a rule of which lint says that it has no effect can be removed with evaluation %s',
  (evaluation) => {
    let findings = 0;
    fc.assert(
      fc.property(rules, asker, fc.array(scope, { minLength: 1, maxLength: 4 }), (texts, by, scopes) => {
        const policy = policyOf(texts, {}, evaluation, allKinds);
        const idle = lintPolicy(policy, undefined).findings.find(({ code }) => WITHOUT_EFFECT.has(code));
        // A rule may have other patterns that repositories fit.
        if (idle === undefined || (idle.code === 'matches-no-repository' && idle.rule.repositories.length > 1)) return;
        if (idle.code === 'matches-no-repository' && idle.rule.catalog) return;
        findings += 1;
        const without = policyOf(
          texts.filter((_, index) => index !== idle.rule.index),
          {},
          evaluation,
          allKinds,
        );
        for (const asked of scopes) expect(ask(without, by, asked).granted).toEqual(ask(policy, by, asked).granted);
      }),
      { numRuns: RUNS },
    );
    if (SIZE !== undefined) process.stdout.write(`${evaluation}: ${RUNS} policies, ${findings} findings\n`);
    expect(findings).toBeGreaterThan(RUNS / 200);
  },
  TIMEOUT_MS,
);
