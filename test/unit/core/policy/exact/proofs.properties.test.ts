/**
 * Proofs about random policies. Whatever is proved is tested with requests that are made of the words of the policies.
 * Whatever is found is decided, and is as small as it can be.
 *
 * PROPERTY_RUNS is the number of pairs of policies for each vocabulary. With it, each test prints what it counted.
 * `PROPERTY_RUNS=10000 npm run test:properties -- proofs` takes some hours.
 */
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../../../../src/core/access.ts';
import { decide } from '../../../../../src/core/policy/decide.ts';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import type { DecisionClass } from '../../../../../src/core/policy/diff/classes.ts';
import type { Evaluation } from '../../../../../src/core/policy/document.ts';
import { memberOf } from '../../../../../src/core/policy/exact/groups.ts';
import { lintPolicy } from '../../../../../src/core/policy/lint/lint.ts';
import type { Policy } from '../../../../../src/core/policy/policy.ts';
import type { Situation } from '../../../../../src/core/policy/situation.ts';
import { isOpen, whoCan } from '../../../../../src/core/policy/who-can.ts';
import type { Scope } from '../../../../../src/core/scope.ts';
import { createRandom } from '../../../../support/random.ts';
import { aimedRequests, policyPair, vocabularies } from '../../../../support/dense-policies.ts';
import { policyOf, situationOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const SIZE = process.env['PROPERTY_RUNS'];
const RUNS = Number(SIZE ?? 60);
const SEED = Number(process.env['PROPERTY_SEED'] ?? 1);
const TIMEOUT_MS = Math.max(120_000, RUNS * 3000);
/** Lint compares a policy with itself once for each rule, so a large run takes a part of the policies. */
const LINT_RUNS = Math.max(Math.min(RUNS, 60), RUNS / 10);
const WHO_CAN_RUNS = Math.max(Math.min(RUNS, 60), RUNS / 20);
/** Requests that are aimed at a pair that is called equal, and at the first such pairs. */
const REQUESTS = 400;
const MORE_REQUESTS = 12_000;
const PAIRS_WITH_MORE = Math.ceil(RUNS * 0.015);

function report(test: string, counts: Readonly<Record<string, number>>): void {
  const text = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  if (SIZE !== undefined) process.stdout.write(`${test}: ${text.join(', ')}\n`);
}

interface Pair {
  readonly rules: readonly [readonly RuleText[], readonly RuleText[]];
  readonly policies: readonly [Policy, Policy];
  readonly random: ReturnType<typeof createRandom>;
}

function* pairsOf(name: string, evaluation?: Evaluation, runs = RUNS): Generator<Pair> {
  const vocabulary = vocabularies[name];
  if (vocabulary === undefined) throw new Error(`there is no vocabulary ${name}`);
  for (let run = 0; run < runs; run++) {
    const random = createRandom(SEED * 1_000_003 + run);
    const rules = policyPair(random, vocabulary);
    yield { rules, random, policies: [policyOf(rules[0], {}, evaluation), policyOf(rules[1], {}, evaluation)] };
  }
}

function grantedBy(policy: Policy, situation: Situation, asked: Scope): string {
  return decide(policy, situation, asked).granted.join();
}

/** A request that the policies decide differently. */
function counterexample({ rules, policies: [before, after], random }: Pair, requests: number): unknown {
  for (const { asker, name } of aimedRequests(random, [...rules[0], ...rules[1]], requests)) {
    const [situation, asked] = [situationOf(asker), { type: 'repository', name, actions: ACTIONS }];
    if (grantedBy(before, situation, asked) !== grantedBy(after, situation, asked)) return { asker, name, rules };
  }
  return undefined;
}

/** The same request without a group or a segment. */
function* smallerThan({ example: { situation, asked } }: DecisionClass): Generator<readonly [Situation, Scope]> {
  const { caller } = situation;
  const groups = caller.kind === 'user' ? [...caller.identity.groups] : [];
  for (const group of groups) {
    const others = groups.filter((one) => one !== group);
    yield [{ ...situation, caller: memberOf(caller, others) }, asked];
  }
  const segments = asked.type === 'repository' ? asked.name.split('/') : [];
  if (segments.length < 2) return;
  for (const at of segments.keys()) yield [situation, { ...asked, name: segments.toSpliced(at, 1).join('/') }];
}

/** Whether the actions of the class change by its rules for this request as well. */
function isOf(one: DecisionClass, [before, after]: Pair['policies'], situation: Situation, asked: Scope): boolean {
  const [old, next] = [decide(before, situation, asked), decide(after, situation, asked)];
  const [granting, other] = one.change === 'lost' ? [old, next] : [next, old];
  const [first, second] = one.alternatives;
  const applies = (because: typeof old.because, line: number | undefined): boolean =>
    line === undefined || because.some((reason) => reason.line === line && reason.effect !== 'skipped');
  return (
    one.actions.every((action) => granting.granted.includes(action) && !other.granted.includes(action)) &&
    applies(granting.because, first?.rule.line) &&
    applies(other.because, second?.rule.line)
  );
}

describe.each(Object.keys(vocabularies))('of policies with %s', (name) => {
  it.each<Evaluation>(['union', 'first-match'])(
    'no request contradicts a proof, and every example is the smallest of its kind: %s',
    (evaluation) => {
      let proved = 0;
      let open = 0;
      let examples = 0;
      for (const pair of pairsOf(name, evaluation)) {
        const { classes, complete } = compareByClasses(...pair.policies);
        examples += classes.length;
        if (classes.length === 0 && !complete) open += 1;
        if (classes.length === 0 && complete) {
          proved += 1;
          expect(counterexample(pair, proved > PAIRS_WITH_MORE ? REQUESTS : MORE_REQUESTS)).toBe(undefined);
        }
        for (const one of classes) {
          expect(isOf(one, pair.policies, one.example.situation, one.example.asked)).toBe(true);
          for (const [situation, asked] of smallerThan(one))
            expect([isOf(one, pair.policies, situation, asked), asked.name, pair.rules]).toEqual([
              false,
              asked.name,
              pair.rules,
            ]);
        }
      }
      report(`${name}, ${evaluation}`, { pairs: RUNS, proved, open, examples });
      expect(proved).toBeGreaterThan(RUNS / 20);
      expect(open).toBeLessThanOrEqual(Math.ceil(RUNS * (name.startsWith('interleaved') ? 0.1 : 0.02)));
    },
    TIMEOUT_MS,
  );

  it(
    'every rule that lint calls superfluous can be removed, and no other one',
    () => {
      const counts = { policies: LINT_RUNS, rules: 0, superfluous: 0 };
      for (const {
        rules: [rules],
        policies: [policy],
      } of pairsOf(name, 'union', LINT_RUNS)) {
        const superfluous = new Set(
          lintPolicy(policy, undefined)
            .findings.filter(({ code }) => ['adds-nothing', 'eaten-by-deny', 'deny-without-bite'].includes(code))
            .map(({ rule }) => rule.index),
        );
        counts.rules += rules.length;
        counts.superfluous += superfluous.size;
        for (const index of rules.keys()) {
          const { classes } = compareByClasses(policy, policyOf(rules.toSpliced(index, 1)), {
            maxClasses: 1,
          });
          if (superfluous.has(index)) expect([classes.length, rules, index]).toEqual([0, rules, index]);
        }
        const rest = rules.filter((_, index) => !superfluous.has(index));
        for (const index of rest.keys()) {
          const { classes, complete } = compareByClasses(policyOf(rest), policyOf(rest.toSpliced(index, 1)));
          if (superfluous.size === 0 && complete)
            expect([classes.length > 0, rules, index]).toEqual([true, rules, index]);
        }
      }
      report(`${name}, lint`, counts);
    },
    TIMEOUT_MS,
  );

  it(
    'who-can finds somebody whenever a decision grants',
    () => {
      let granted = 0;
      let asked = 0;
      for (const {
        rules: [rules],
        policies: [policy],
        random,
      } of pairsOf(name, 'union', WHO_CAN_RUNS)) {
        for (const { asker, name: repository } of aimedRequests(random, rules, 40)) {
          const situation = situationOf(asker);
          const scope: Scope = { type: 'repository', name: repository, actions: ['pull'] };
          asked += 1;
          if (grantedBy(policy, situation, scope) === '') continue;
          granted += 1;
          const { grantees } = whoCan(policy, 'pull', repository, { ...situation, users: [] });
          expect([grantees.some(isOpen), asker, repository, rules]).toEqual([true, asker, repository, rules]);
        }
      }
      report(`${name}, who-can`, { requests: asked, granted });
      expect(granted).toBeGreaterThan(WHO_CAN_RUNS / 10);
    },
    TIMEOUT_MS,
  );
});
