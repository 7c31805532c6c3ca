/**
 * Turns an imported policy into one whose order does not matter: proven first, then checked, then written.
 *
 * The patterns of the rules prove most policies. The search of `fairlead diff` compares all of them, and decides where
 * the patterns leave it open. Only the conversion of `match` is outside of both, so requests are compared as well.
 */
import { askersOf, isRobots } from '../../core/policy/asker.ts';
import { compilePolicy } from '../../core/policy/compile.ts';
import { exceptionsOf } from '../../core/policy/condition.ts';
import { compareByClasses } from '../../core/policy/diff/classes.ts';
import type { Evaluation, RuleDocument } from '../../core/policy/document.ts';
import { runPolicyTests } from '../../core/policy/policy-test.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Rule } from '../../core/policy/rule.ts';
import { conditionKinds, parseConditions } from '../../config/conditions/index.ts';
import type { RuleDraft } from '../rule-draft.ts';
import { yamlText } from '../write-yaml.ts';
import { policyTests, readPolicy } from '../../config/load-policy.ts';
import type { ReadPolicy } from '../../config/load-policy.ts';
import { plainRule } from '../../config/policy-task.ts';
import { isRecord } from '../../config/schema-walk.ts';
import { whoOf } from '../../config/who-schema.ts';
import { compareOnGrid } from './grid.ts';
import { MAX_RULES, proposeUnion } from './propose.ts';
import type { RuleNote } from './rule-note.ts';

export type { RuleNote } from './rule-note.ts';

export type Modernised =
  | { readonly kind: 'union-already' }
  /** Nothing is proposed; `reason` says what no note says. */
  | { readonly kind: 'left'; readonly notes: readonly RuleNote[]; readonly reason?: string }
  | {
      readonly kind: 'proposed';
      readonly notes: readonly RuleNote[];
      readonly text: string;
      /** The number of decisions that were checked in addition, all of them the same. */
      readonly compared: number;
    };

/**
 * @param kinds the conditions that rules may have
 * @throws ConfigError with every problem of the file.
 */
export async function modernisePolicy(path: string, kinds = conditionKinds): Promise<Modernised> {
  const read = await readPolicy(path, kinds);
  const { policy, file } = read;
  if (policy.evaluation === 'union') return { kind: 'union-already' };
  if (file.rules.length > MAX_RULES) {
    const reason = `found ${file.rules.length} rules, expected ${MAX_RULES} at most: all pairs of them are compared`;
    return { kind: 'left', notes: [], reason };
  }
  const robot = policy.rules.find(namesRobot);
  if (robot !== undefined) {
    const reason = `the rule "${robot.name}" names a robot, which only a person can put into an order-free policy`;
    return { kind: 'left', notes: [], reason };
  }
  const { notes, rules, ordered, doubts } = proposeUnion(read);
  if (rules === undefined) return { kind: 'left', notes };

  const after = compiled(rules, read, 'union');
  const search = compareByClasses(compiled(ordered, read, 'first-match'), after, COMPARED);
  const isProven = search.classes.length === 0 && search.complete;
  if (!isProven && doubts.length > 0) return { kind: 'left', notes: doubts };
  const { compared, differing } = compareOnGrid(
    policy,
    after,
    file.rules.map((_, index) => plainRule(read, index)),
  );
  const failed = runPolicyTests(after, policyTests(read)).filter(({ passed }) => !passed);
  const before = runPolicyTests(policy, policyTests(read)).filter(({ passed }) => !passed);
  // INVARIANT: a proven proposal passes. One that fails shows a defect of the proof and is not made.
  const differences = differing.length + search.classes.length;
  if (differences > 0 || failed.length > before.length)
    return {
      kind: 'left',
      notes,
      reason: `${differences} of the decisions tried would differ: please report this policy`,
    };
  return { kind: 'proposed', notes, text: textOf(rules, read), compared };
}

/** The proof knows users, groups and anonymous. A robot that no rule names has what anonymous has. */
function namesRobot({ who, conditions }: Rule): boolean {
  return [...askersOf(who), ...exceptionsOf(conditions)].some(isRobots);
}

const HEAD = [
  'Made from a policy that was evaluated by first match. The order of rules does not matter here.',
  'For pull, push and delete, and for the catalog, all decisions are the same. Who asks for * is granted what it',
  'stands for here, and was granted * alone or nothing there.',
];

function textOf(rules: readonly RuleDraft[], { yaml, file }: ReadPolicy): string {
  const { roles, tests, invariants } = isRecord(yaml.value) ? yaml.value : {};
  const written = {
    ...(roles === undefined ? {} : { roles }),
    rules: rules.map((rule) => ({ ...rule, line: undefined })),
    ...(file.tests.length === 0 ? {} : { tests }),
    ...(file.invariants.length === 0 ? {} : { invariants }),
  };
  const comments = rules.map(({ line }) => `${yaml.file}:${line}`);
  return yamlText(written, HEAD, { key: 'rules', comments });
}

/** Who asks for `*` is granted something else, see `HEAD`. */
const COMPARED = { actions: ['pull', 'push', 'delete'], maxClasses: 1 } as const;

function compiled(rules: readonly RuleDraft[], { yaml, file }: ReadPolicy, evaluation: Evaluation): Policy {
  const roles = new Map(Object.entries(file.roles));
  const result = compilePolicy({
    revision: '',
    roles,
    evaluation,
    rules: rules.map((rule) => documentOf(rule, yaml.file)),
  });
  // INVARIANT: the patterns have been compiled before, or are made of compiled ones.
  if (result.kind === 'problems') throw new Error(result.problems.map(({ message }) => message).join('; '));
  return result.policy;
}

function documentOf(draft: RuleDraft, file: string): RuleDocument {
  const { name, line, except, services, clients } = draft;
  return {
    name,
    file,
    line,
    who: whoOf(draft),
    conditions: parseConditions({ except, services, clients }),
    repositories: draft.repositories ?? [],
    catalog: draft.catalog ?? false,
    effect: draft.deny === undefined ? 'allow' : 'deny',
    actions: draft.deny ?? draft.allow ?? [],
  };
}
