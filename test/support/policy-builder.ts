/** Short notations for policies and requests in tests. */
import { conditionKinds, writtenConditions } from '../../src/config/conditions/index.ts';
import type { ConditionKind } from '../../src/config/conditions/index.ts';
import { whoOf } from '../../src/config/who-schema.ts';
import type { Grant } from '../../src/core/access.ts';
import { groupName } from '../../src/core/groups.ts';
import { ANONYMOUS, username } from '../../src/core/identity.ts';
import type { Caller } from '../../src/core/identity.ts';
import { compilePolicy } from '../../src/core/policy/compile.ts';
import { defineCondition, isCondition } from '../../src/core/policy/condition.ts';
import type { Condition } from '../../src/core/policy/condition.ts';
import type { Evaluation, PolicyProblem, RuleDocument } from '../../src/core/policy/document.ts';
import { decide } from '../../src/core/policy/decide.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { DEFAULT_TIME } from '../../src/core/policy/situation.ts';
import type { Situation } from '../../src/core/policy/situation.ts';
import { parseScope } from '../../src/core/scope.ts';

/** A rule as it is written in YAML, with conditions by their keys. */
export interface RuleText extends Readonly<Record<string, unknown>> {
  readonly name?: string;
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly everyone?: boolean;
  readonly repositories?: readonly string[];
  readonly catalog?: boolean;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

type Holds = Condition['holds'];

/** A condition that YAML cannot express, for the place of `match`: only a request can show whether it holds. */
export const conditionWhere: (holds: Holds) => Condition = defineCondition<Holds>({
  kind: 'test',
  text: () => undefined,
  holds: (holds, situation, name) => holds(situation, name),
  covers: () => false,
  meets: () => true,
  attributes: () => [],
  samples: () => undefined,
  phrases: () => ({ values: [], nearMiss: '', because: 'test', requirement: 'test', scope: undefined }),
});

/**
 * @param kinds the conditions that rules may have
 * @throws Error with all problems.
 */
export function policyOf(
  rules: readonly RuleText[],
  roles: Readonly<Record<string, readonly string[]>> = {},
  evaluation?: Evaluation,
  kinds = conditionKinds,
): Policy {
  const problems: PolicyProblem[] = [];
  const documents = rules.map((rule, index) => documentOf(rule, index, kinds, problems));
  const result = compilePolicy({
    revision: 'test',
    evaluation,
    roles: new Map(Object.entries(roles)),
    rules: documents,
  });
  if (result.kind === 'problems') problems.push(...result.problems);
  if (result.kind === 'compiled' && problems.length === 0) return result.policy;
  throw new Error(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
}

function documentOf(
  rule: RuleText,
  index: number,
  kinds: readonly ConditionKind[],
  problems: PolicyProblem[],
): RuleDocument {
  return {
    name: rule.name ?? `rule ${index + 1}`,
    file: 'policy.yaml',
    line: index + 1,
    who: whoOf(rule),
    conditions: conditionsOf(rule, kinds, (path, message) =>
      problems.push({ path: ['rules', index, ...path], message }),
    ),
    repositories: rule.repositories ?? [],
    catalog: rule.catalog ?? false,
    effect: rule.deny === undefined ? 'allow' : 'deny',
    actions: rule.deny ?? rule.allow ?? [],
  };
}

/** A condition may stand there ready-made, for tests of what YAML cannot express. */
function conditionsOf(
  rule: RuleText,
  kinds: readonly ConditionKind[],
  report: (path: PolicyProblem['path'], message: string) => void,
): readonly Condition[] {
  const written = writtenConditions(rule, kinds);
  return kinds.flatMap(({ key, schema }): readonly Condition[] => {
    const value = written[key];
    if (value === undefined) return [];
    if (isCondition(value)) return [value];
    const parsed = schema.safeParse(value);
    if (parsed.success) return [parsed.data];
    for (const { path, message } of parsed.error.issues) report([key, ...path.map(String)], message);
    return [];
  });
}

export interface Asker {
  readonly user?: string;
  readonly groups?: readonly string[];
  /** As a directory gives them: names lower-cased and compared without case. */
  readonly caseless?: boolean;
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  readonly service?: string;
  readonly client?: string;
  /** Seconds since 1970-01-01T00:00:00Z. */
  readonly time?: number;
}

export function callerOf({ user, groups = [], caseless = false, attributes = {} }: Asker): Caller {
  if (user === undefined) return ANONYMOUS;
  return {
    kind: 'user',
    identity: {
      username: username(caseless ? user.toLowerCase() : user),
      groups: new Set(groups.map((group) => groupName(group, { lowercase: caseless }))),
      backend: 'test',
      caseless,
      attributes: new Map(Object.entries(attributes)),
    },
  };
}

export function ask(policy: Policy, asker: Asker, scope: string): Grant {
  const asked = parseScope(scope);
  if (asked === undefined) throw new Error(`not a scope: ${scope}`);
  return decide(policy, situationOf(asker), asked);
}

export function situationOf(asker: Asker): Situation {
  const { service = '', client = '', time = DEFAULT_TIME } = asker;
  return { caller: callerOf(asker), service, client, time };
}
