/** Reads `policy.yaml` and compiles it. */
import type { PolicyTest } from '../core/policy/policy-test.ts';
import { compilePolicy } from '../core/policy/compile.ts';
import type { CompileResult } from '../core/policy/compile.ts';
import type { RuleDocument, Who } from '../core/policy/document.ts';
import type { Policy } from '../core/policy/policy.ts';
import { explainIssues } from './explain-issues.ts';
import { loadYaml } from './load-yaml.ts';
import type { YamlFile } from './load-yaml.ts';
import { POLICY_KEY_HINTS, policyFile, policyRoles, policyRule } from './policy-schema.ts';
import type { RuleFile, TestFile } from './policy-schema.ts';
import { policyWarnings } from './policy-warnings.ts';
import { ConfigError, formatProblem } from './problems.ts';
import type { ConfigProblem } from './problems.ts';
import { isRecord } from './schema-walk.ts';

export interface LoadedPolicy {
  readonly policy: Policy;
  readonly tests: readonly PolicyTest[];
  /** What works but deserves a look, each with its place. */
  readonly warnings: readonly string[];
}

const MAX_BYTES = 16 * 1024 * 1024;

/** A rule that is well-formed, with its place in the file. */
interface PlacedRule {
  readonly index: number;
  readonly rule: RuleFile;
}

/** @throws ConfigError with every problem of the file. */
export async function loadPolicy(path: string): Promise<LoadedPolicy> {
  const yaml = await loadYaml(path, { maxBytes: MAX_BYTES });
  const parsed = policyFile.safeParse(yaml.value, { reportInput: true });
  const problems: ConfigProblem[] = [
    ...yaml.problems,
    ...explainIssues(parsed.error?.issues ?? [], { schema: policyFile, yaml, hints: POLICY_KEY_HINTS }),
  ];
  const rules = parsed.data === undefined ? wellFormedRules(yaml.value) : placed(parsed.data.rules);
  const roles = parsed.data === undefined ? rolesOf(yaml.value) : parsed.data.roles;
  // Without roles, every name of one would be a problem that is none.
  const compiled = roles === undefined ? undefined : compile(rules, roles, yaml);
  if (compiled?.kind === 'problems') problems.push(...compileProblems(compiled, rules, yaml));
  if (parsed.data === undefined || problems.length > 0 || compiled?.kind !== 'compiled')
    throw new ConfigError(problems);

  return {
    policy: compiled.policy,
    tests: parsed.data.tests.map((test, index) => testOf(test, yaml, index)),
    warnings: policyWarnings(compiled.policy, yaml).map(formatProblem),
  };
}

function placed(rules: readonly RuleFile[]): readonly PlacedRule[] {
  return rules.map((rule, index) => ({ index, rule }));
}

function wellFormedRules(value: unknown): readonly PlacedRule[] {
  if (!isRecord(value) || !Array.isArray(value['rules'])) return [];
  return value['rules'].flatMap((entry: unknown, index) => {
    const { data } = policyRule.safeParse(entry);
    return data === undefined ? [] : [{ index, rule: data }];
  });
}

function rolesOf(value: unknown): Readonly<Record<string, readonly string[]>> | undefined {
  return isRecord(value) ? policyRoles.safeParse(value['roles']).data : undefined;
}

function compile(
  rules: readonly PlacedRule[],
  roles: Readonly<Record<string, readonly string[]>>,
  yaml: YamlFile,
): CompileResult {
  return compilePolicy({
    revision: yaml.revision,
    roles: new Map(Object.entries(roles)),
    rules: rules.map(({ index, rule }) => documentOf(rule, yaml, index)),
  });
}

function compileProblems(
  { problems }: Extract<CompileResult, { kind: 'problems' }>,
  rules: readonly PlacedRule[],
  yaml: YamlFile,
): readonly ConfigProblem[] {
  return problems.map(({ path: [section = '', ...rest], message }) => {
    const [at, ...inside] = rest;
    const index = section === 'rules' && typeof at === 'number' ? rules[at]?.index : undefined;
    const path = index === undefined ? [section, ...rest] : [section, index, ...inside];
    // `allow: writer` is compiled as a list of one.
    return yaml.problem(yaml.existing(path), message);
  });
}

function documentOf(rule: RuleFile, yaml: YamlFile, index: number): RuleDocument {
  return {
    name: rule.name,
    file: yaml.file,
    line: yaml.line(['rules', index]),
    who: whoOf(rule),
    except: rule.except === undefined ? undefined : whoOf(rule.except),
    services: rule.services,
    clients: rule.clients,
    repositories: rule.repositories ?? [],
    catalog: rule.catalog ?? false,
    effect: rule.deny === undefined ? 'allow' : 'deny',
    actions: rule.deny ?? rule.allow ?? [],
  };
}

function whoOf({ users = [], groups = [], everyone = false }: Pick<RuleFile, 'users' | 'groups' | 'everyone'>): Who {
  return { users, groups, everyone };
}

function testOf(test: TestFile, yaml: YamlFile, index: number): PolicyTest {
  return {
    file: yaml.file,
    line: yaml.line(['tests', index]),
    user: test.user,
    groups: test.groups ?? [],
    service: test.service,
    client: test.client?.text,
    scope: test.scope,
    expect: test.expect,
  };
}
