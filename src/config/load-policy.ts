/** Reads `policy.yaml` and compiles it. */
import type { PolicyTest } from '../core/policy/policy-test.ts';
import { compilePolicy } from '../core/policy/compile.ts';
import type { CompileResult } from '../core/policy/compile.ts';
import type { RuleDocument, Who } from '../core/policy/document.ts';
import type { Policy } from '../core/policy/policy.ts';
import { explainIssues } from './explain-issues.ts';
import { loadYaml } from './load-yaml.ts';
import type { YamlFile } from './load-yaml.ts';
import { outlineRoles, policyFile, policyRule } from './policy-schema.ts';
import type { PolicyFile, RuleFile, TestFile } from './policy-schema.ts';
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

/** @throws ConfigError with every problem of the file. */
export async function loadPolicy(path: string): Promise<LoadedPolicy> {
  const read = await readPolicy(path);
  const { yaml, policy } = read;
  return { policy, tests: policyTests(read), warnings: policyWarnings(policy, yaml).map(formatProblem) };
}

export function policyTests({ yaml, file }: ReadPolicy): readonly PolicyTest[] {
  return file.tests.map((test, index) => testOf(test, yaml, index));
}

/** A policy with what it was made from. */
export interface ReadPolicy {
  readonly yaml: YamlFile;
  readonly file: PolicyFile;
  readonly policy: Policy;
}

/** @throws ConfigError with every problem of the file. */
export async function readPolicy(path: string): Promise<ReadPolicy> {
  const yaml = await loadYaml(path, { maxBytes: MAX_BYTES });
  const parsed = policyFile.safeParse(yaml.value, { reportInput: true });
  const problems: ConfigProblem[] = [
    ...yaml.problems,
    ...explainIssues(parsed.error?.issues ?? [], { schema: policyFile, yaml }),
  ];
  const compiled = compile(parsed.data ?? outlineOf(yaml.value), yaml);
  if (compiled.kind === 'problems') {
    // `allow: writer` is compiled as a list of one, whose entry is not in the file.
    problems.push(...compiled.problems.map(({ path: at, message }) => yaml.problem(yaml.existing(at), message)));
  }
  if (parsed.data === undefined || problems.length > 0 || compiled.kind === 'problems') throw new ConfigError(problems);
  return { yaml, file: parsed.data, policy: compiled.policy };
}

type Outline = Pick<PolicyFile, 'roles' | 'rules'> & Partial<Pick<PolicyFile, 'evaluation'>>;

/** What is good of a file that is not good as a whole, so that what compiling finds is told, too. */
function outlineOf(value: unknown): Outline {
  if (!isRecord(value)) return { roles: {}, rules: [] };
  const rules: readonly unknown[] = Array.isArray(value['rules']) ? value['rules'] : [];
  return { roles: outlineRoles.safeParse(value['roles']).data ?? {}, rules: rules.map(outlineRule) };
}

function outlineRule(entry: unknown): RuleFile {
  const fields = Object.entries(policyRule.shape).flatMap(([key, schema]) => {
    const { data } = schema.safeParse(isRecord(entry) ? entry[key] : undefined);
    return data === undefined ? [] : [[key, data]];
  });
  return { name: '', ...Object.fromEntries(fields) };
}

function compile({ evaluation, roles, rules }: Outline, yaml: YamlFile): CompileResult {
  return compilePolicy({
    revision: yaml.revision,
    evaluation,
    roles: new Map(Object.entries(roles)),
    rules: rules.map((rule, index) => documentOf(rule, yaml, index)),
  });
}

/** A rule of the file as core has it. */
export function documentOf(rule: RuleFile, yaml: YamlFile, index: number): RuleDocument {
  return {
    name: rule.name,
    file: yaml.file,
    line: yaml.line(['rules', index]),
    who: whoOf(rule),
    except: rule.except === undefined ? undefined : whoOf(rule.except),
    services: rule.services,
    clients: rule.clients,
    match: rule.match,
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
