/** Reads `policy.yaml` and compiles it. */
import { runPolicyTests } from '../core/policy/policy-test.ts';
import type { PolicyTest } from '../core/policy/policy-test.ts';
import { compilePolicy } from '../core/policy/compile.ts';
import type { CompileResult } from '../core/policy/compile.ts';
import type { RuleDocument } from '../core/policy/document.ts';
import { singleRuleFindings } from '../core/policy/lint/single-rules.ts';
import type { Invariant } from '../core/policy/invariants.ts';
import type { Policy } from '../core/policy/policy.ts';
import { conditionKinds, conditionsIn } from './conditions/index.ts';
import type { ConditionKind } from './conditions/index.ts';
import { explainIssues } from './explain-issues.ts';
import { readInvariant } from './invariants.ts';
import { loadYaml, yamlOf } from './load-yaml.ts';
import type { YamlFile } from './load-yaml.ts';
import { unknownServices } from './unknown-services.ts';
import type { UnknownService } from './unknown-services.ts';
import { outlineRoles, policySchema } from './policy-schema.ts';
import type { PolicyFile, PolicySchema, RuleFile, TestFile } from './policy-schema.ts';
import { ConfigError, formatProblem } from './problems.ts';
import type { ConfigProblem } from './problems.ts';
import { revisionOf } from './read-text.ts';
import { isRecord } from './schema-walk.ts';
import { whoOf } from './who-schema.ts';

export interface LoadedPolicy {
  readonly policy: Policy;
  readonly tests: readonly PolicyTest[];
  readonly invariants: readonly Invariant[];
  /** Each with its position. */
  readonly warnings: readonly string[];
}

const MAX_BYTES = 16 * 1024 * 1024;

interface PolicyOptions {
  /** The conditions that rules may have. */
  readonly kinds?: readonly ConditionKind[];
  /** The services of the broker that uses the policy; undefined: the broker is not known. */
  readonly services?: readonly string[] | undefined;
}

/** @throws ConfigError with every problem of the file. */
export async function loadPolicy(path: string, { kinds, services }: PolicyOptions = {}): Promise<LoadedPolicy> {
  const read = await readPolicy(path, kinds);
  const warnings = [...policyWarnings(read), ...requireServices(read, services)];
  const { policy, invariants } = read;
  return { policy, tests: policyTests(read), invariants, warnings: warnings.map(formatProblem) };
}

/**
 * A rule that names a service the broker does not have never applies: a misspelt `deny` would deny nothing.
 *
 * @returns warnings about what is not certain
 * @throws ConfigError with every service that is certainly not there
 */
export function requireServices(read: ReadPolicy, services: readonly string[] | undefined): readonly ConfigProblem[] {
  const unknown = services === undefined ? [] : unknownServices(read, services);
  const certain = unknown.filter(({ isCertain }) => isCertain);
  const placed = ({ path, message }: UnknownService): ConfigProblem => read.yaml.problem(path, message);
  if (certain.length > 0) throw new ConfigError(certain.map(placed));
  return unknown.map(placed);
}

/** What works but is probably a mistake, as far as one rule shows it. `fairlead lint` compares the rules as well. */
function policyWarnings({ policy, yaml }: ReadPolicy): readonly ConfigProblem[] {
  return singleRuleFindings(policy)
    .filter(({ severity }) => severity === 'warning')
    .map(({ rule, message }) => yaml.problem(['rules', rule.index], message));
}

export function policyTests({ yaml, file }: ReadPolicy): readonly PolicyTest[] {
  return file.tests.map((test, index) => testOf(test, yaml, index));
}

/** One problem for each test of the policy that fails, at the place of the test. */
export function failedTests(read: ReadPolicy): readonly ConfigProblem[] {
  return runPolicyTests(read.policy, policyTests(read)).flatMap(({ passed, summary }, index) =>
    passed ? [] : [read.yaml.problem(['tests', index], `the test fails: ${summary}`)],
  );
}

/** A policy with the file it was read from. */
export interface ReadPolicy {
  readonly yaml: YamlFile;
  readonly file: PolicyFile;
  readonly policy: Policy;
  readonly invariants: readonly Invariant[];
  /** The conditions that rules may have. */
  readonly kinds: readonly ConditionKind[];
}

/** @throws ConfigError with every problem of the file. */
export async function readPolicy(path: string, kinds = conditionKinds): Promise<ReadPolicy> {
  return readYaml(await loadYaml(path, { maxBytes: MAX_BYTES }), kinds);
}

/** The same of a text that is no file. @param name what messages call it */
export function readPolicyText(text: string, name: string): ReadPolicy {
  return readYaml(yamlOf(text, { file: name, folder: '', revision: revisionOf(text) }), conditionKinds);
}

function readYaml(yaml: YamlFile, kinds: readonly ConditionKind[]): ReadPolicy {
  const schema = policySchema(kinds);
  const parsed = schema.file.safeParse(yaml.value, { reportInput: true });
  const problems: ConfigProblem[] = [
    ...yaml.problems,
    ...explainIssues(parsed.error?.issues ?? [], { schema: schema.file, yaml }),
  ];
  const compiled = compile(parsed.data ?? outlineOf(yaml.value, schema), yaml, kinds);
  if (compiled.kind === 'problems') {
    // `allow: writer` is compiled as a list with one entry. The entry has no position in the file.
    problems.push(...compiled.problems.map(({ path: at, message }) => yaml.problem(yaml.existing(at), message)));
  }
  const invariants = parsed.data === undefined ? [] : readInvariants(parsed.data, yaml, problems);
  if (parsed.data === undefined || problems.length > 0 || compiled.kind === 'problems') throw new ConfigError(problems);
  return { yaml, file: parsed.data, policy: compiled.policy, invariants, kinds };
}

function readInvariants(
  { invariants, roles }: PolicyFile,
  yaml: YamlFile,
  problems: ConfigProblem[],
): readonly Invariant[] {
  return invariants.flatMap((written, index): readonly Invariant[] => {
    const line = yaml.line(['invariants', index]);
    const result = readInvariant(written, { file: yaml.file, line, roles: new Map(Object.entries(roles)) });
    if (result.kind === 'invariant') return [result.invariant];
    for (const { path, message } of result.problems)
      problems.push(yaml.problem(yaml.existing(['invariants', index, ...path]), message));
    return [];
  });
}

type Outline = Pick<PolicyFile, 'roles' | 'rules'> & Partial<Pick<PolicyFile, 'evaluation'>>;

/** The valid parts of an invalid file, so that the problems that compiling finds are reported as well. */
function outlineOf(value: unknown, schema: PolicySchema): Outline {
  if (!isRecord(value)) return { roles: {}, rules: [] };
  const rules: readonly unknown[] = Array.isArray(value['rules']) ? value['rules'] : [];
  return {
    roles: outlineRoles.safeParse(value['roles']).data ?? {},
    rules: rules.map((entry) => outlineRule(entry, schema)),
  };
}

function outlineRule(entry: unknown, { rule }: PolicySchema): RuleFile {
  const fields = Object.entries(rule.shape).flatMap(([key, schema]) => {
    const { data } = schema.safeParse(isRecord(entry) ? entry[key] : undefined);
    return data === undefined ? [] : [[key, data]];
  });
  return { name: '', ...Object.fromEntries(fields) };
}

function compile(
  { evaluation, roles, rules }: Outline,
  yaml: YamlFile,
  kinds: readonly ConditionKind[],
): CompileResult {
  return compilePolicy({
    revision: yaml.revision,
    evaluation,
    roles: new Map(Object.entries(roles)),
    rules: rules.map((rule, index) => documentOf(rule, { yaml, kinds }, index)),
  });
}

/** A rule of the file in the form that core compiles. */
export function documentOf(
  rule: RuleFile,
  { yaml, kinds }: Pick<ReadPolicy, 'yaml' | 'kinds'>,
  index: number,
): RuleDocument {
  return {
    name: rule.name,
    file: yaml.file,
    line: yaml.line(['rules', index]),
    who: whoOf(rule),
    conditions: conditionsIn(rule, kinds),
    repositories: rule.repositories ?? [],
    catalog: rule.catalog ?? false,
    effect: rule.deny === undefined ? 'allow' : 'deny',
    actions: rule.deny ?? rule.allow ?? [],
  };
}

function testOf(test: TestFile, yaml: YamlFile, index: number): PolicyTest {
  return {
    file: yaml.file,
    line: yaml.line(['tests', index]),
    user: test.user,
    groups: test.groups ?? [],
    service: test.service,
    client: test.client?.text,
    time: test.at,
    scope: test.scope,
    expect: test.expect,
  };
}
