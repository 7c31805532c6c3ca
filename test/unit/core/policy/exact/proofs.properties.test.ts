/**
 * Proofs about random policies. What is proved is fired at with requests that are aimed at the policies; what is found is
 * decided, and is as small as it can be. PROPERTY_RUNS is the number of pairs of policies for each vocabulary.
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
import { createRandom } from '../../../../fuzz/random.ts';
import { aimedRequests, policyPair, vocabularies } from '../../../../support/dense-policies.ts';
import { policyOf, situationOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 60);
const SEED = Number(process.env['PROPERTY_SEED'] ?? 1);
const TIMEOUT_MS = Math.max(120_000, RUNS * 1500);
/** Requests that are aimed at each pair that is called equal. */
const SHOTS = 400;

interface Pair {
  readonly rules: readonly [readonly RuleText[], readonly RuleText[]];
  readonly policies: readonly [Policy, Policy];
  readonly random: ReturnType<typeof createRandom>;
}

function* pairsOf(name: string, evaluation?: Evaluation): Generator<Pair> {
  const vocabulary = vocabularies[name];
  if (vocabulary === undefined) throw new Error(`there is no vocabulary ${name}`);
  for (let run = 0; run < RUNS; run++) {
    const random = createRandom(SEED * 1_000_003 + run);
    const rules = policyPair(random, vocabulary);
    yield { rules, random, policies: [policyOf(rules[0], {}, evaluation), policyOf(rules[1], {}, evaluation)] };
  }
}

function grantedBy(policy: Policy, situation: Situation, asked: Scope): string {
  return decide(policy, situation, asked).granted.join();
}

/** A request that the policies decide differently. */
function counterexample({ rules, policies: [before, after], random }: Pair): unknown {
  for (const { asker, name } of aimedRequests(random, [...rules[0], ...rules[1]], SHOTS)) {
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
      for (const pair of pairsOf(name, evaluation)) {
        const { classes, complete } = compareByClasses(...pair.policies);
        if (classes.length === 0 && complete) proved += 1;
        if (classes.length === 0 && !complete) open += 1;
        if (classes.length === 0 && complete) expect(counterexample(pair)).toBe(undefined);
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
      expect(proved).toBeGreaterThan(RUNS / 10);
      expect(open).toBeLessThanOrEqual(Math.ceil(RUNS * (name.startsWith('interleaved') ? 0.1 : 0.02)));
    },
    TIMEOUT_MS,
  );

  it(
    'every rule that lint calls superfluous can be removed, and no other one',
    () => {
      for (const {
        rules: [rules],
        policies: [policy],
      } of pairsOf(name)) {
        const superfluous = new Set(
          lintPolicy(policy, undefined)
            .findings.filter(({ code }) => ['adds-nothing', 'eaten-by-deny', 'deny-without-bite'].includes(code))
            .map(({ rule }) => rule.index),
        );
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
    },
    TIMEOUT_MS,
  );

  it(
    'who-can finds somebody whenever a decision grants',
    () => {
      let granted = 0;
      for (const {
        rules: [rules],
        policies: [policy],
        random,
      } of pairsOf(name)) {
        for (const { asker, name: repository } of aimedRequests(random, rules, 40)) {
          const situation = situationOf(asker);
          const asked: Scope = { type: 'repository', name: repository, actions: ['pull'] };
          if (grantedBy(policy, situation, asked) === '') continue;
          granted += 1;
          const { grantees } = whoCan(policy, 'pull', repository, { ...situation, users: [] });
          expect([grantees.some(isOpen), asker, repository, rules]).toEqual([true, asker, repository, rules]);
        }
      }
      expect(granted).toBeGreaterThan(RUNS / 10);
    },
    TIMEOUT_MS,
  );
});
