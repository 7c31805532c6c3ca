/**
 * Reads and checks a policy on another thread. Only plain data crosses: conditions as they are written, which are parsed
 * again on arrival.
 */
import { createCompiler } from '../core/policy/compile.ts';
import type { Evaluation, RuleDocument } from '../core/policy/document.ts';
import { proveInvariant } from '../core/policy/invariants.ts';
import type { ProveOptions } from '../core/policy/invariants.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Background, FileInput, FileTask } from '../core/ports.ts';
import { parseConditions, writtenConditions } from './conditions/index.ts';
import type { WrittenConditions } from './conditions/index.ts';
import { documentOf, failedTests, readPolicy, requireServices } from './load-policy.ts';
import type { ReadPolicy } from './load-policy.ts';
import { ConfigError, formatProblem } from './problems.ts';
import type { ConfigProblem } from './problems.ts';
import { proofText } from './request-text.ts';
import { isRecord } from './schema-walk.ts';

/** A rule with its conditions as they are written. */
export interface PlainRule extends Omit<RuleDocument, 'conditions'> {
  readonly conditions: WrittenConditions;
}

interface Head {
  readonly kind: 'head';
  readonly warnings: readonly string[];
  readonly failedTests: number;
  readonly revision: string;
  readonly evaluation: Evaluation;
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

/** How a broker uses a policy. */
interface PolicyUse {
  /** The names of the configured services. */
  readonly services: readonly string[];
  /** What happens to a policy whose own tests fail. */
  readonly onFailedTests: 'refuse' | 'warn';
  /** How to prove the invariants of the policy; undefined: they are not proved. */
  readonly prove?: ProveOptions;
}

interface PolicyInput extends FileInput, PolicyUse {}

export interface UsablePolicy {
  readonly policy: Policy;
  /** Each with its position. */
  readonly warnings: readonly string[];
  /** The number of its tests that fail. */
  readonly failedTests: number;
}

type Part =
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] }
  | Head
  | { readonly kind: 'rules'; readonly rules: readonly PlainRule[] };

/** Failed tests that are listed, each in a log line. */
const MAX_LISTED = 20;
/** Each part is handled in one turn of the event loop. */
const RULES_A_PART = 50;

export default async function* policyParts({
  files,
  services,
  onFailedTests,
  prove,
}: PolicyInput): AsyncGenerator<Part> {
  let read: ReadPolicy;
  let failed: readonly ConfigProblem[];
  let warnings: readonly ConfigProblem[];
  try {
    read = await readPolicy(files[0] ?? '');
    warnings = requireServices(read, services);
    failed = failedTests(read);
    if (failed.length > 0 && onFailedTests === 'refuse') throw new ConfigError(failed);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield { kind: 'refused', problems: error.problems };
    return;
  }
  const problems = prove === undefined ? [] : unproved(read, prove);
  if (problems.length > 0) {
    yield { kind: 'refused', problems };
    return;
  }
  const { policy, file } = read;
  const roles = new Map(Object.entries(file.roles));
  yield {
    kind: 'head',
    revision: policy.revision,
    evaluation: policy.evaluation,
    roles,
    warnings: [...warnings, ...failed.slice(0, MAX_LISTED)].map(formatProblem),
    failedTests: failed.length,
  };
  for (let at = 0; at < file.rules.length; at += RULES_A_PART) {
    const rules = file.rules.slice(at, at + RULES_A_PART);
    yield { kind: 'rules', rules: rules.map((_, index) => plainRule(read, at + index)) };
  }
}

function unproved({ policy, invariants, yaml }: ReadPolicy, options: ProveOptions): readonly ConfigProblem[] {
  return invariants.flatMap((invariant, index) => {
    const proof = proveInvariant(policy, invariant, options);
    const message = `the invariant "${invariant.name}" is ${proofText(proof)}`;
    return proof.kind === 'proved' ? [] : [yaml.problem(['invariants', index], message)];
  });
}

const TASK: FileTask<PolicyInput, Part> = { module: import.meta.url, work: policyParts };

/**
 * @throws ConfigError with every problem of the file, and every invariant that is not proved; Error when its reading
 *   fails otherwise
 */
export async function loadPolicyInBackground(
  path: string,
  use: PolicyUse,
  background: Background,
): Promise<UsablePolicy> {
  let head: Head | undefined;
  let compiler: ReturnType<typeof createCompiler> | undefined;
  for await (const part of background(TASK, { files: [path], ...use })) {
    if (part.kind === 'refused') throw new ConfigError(part.problems);
    if (part.kind === 'head') {
      head = part;
      compiler = createCompiler(part);
    } else for (const rule of part.rules) compiler?.add(readyRule(rule));
  }
  const compiled = compiler?.finish();
  // INVARIANT: what compiles there compiles here.
  if (head === undefined || compiled?.kind !== 'compiled')
    throw new Error(`the policy ${path} was not read to its end`);
  return { policy: compiled.policy, warnings: head.warnings, failedTests: head.failedTests };
}

export function plainRule(read: ReadPolicy, index: number): PlainRule {
  const rule = read.file.rules[index];
  // INVARIANT: the index comes from the list itself.
  if (rule === undefined) throw new Error(`there is no rule ${index}`);
  return {
    ...documentOf(rule, read, index),
    conditions: writtenConditions(writtenRule(read.yaml.value, index), read.kinds),
  };
}

function writtenRule(value: unknown, index: number): object {
  const rules: unknown = isRecord(value) ? value['rules'] : undefined;
  const rule: unknown = Array.isArray(rules) ? rules[index] : undefined;
  return isRecord(rule) ? rule : {};
}

/** INVARIANT: the conditions have been parsed before. */
function readyRule({ conditions, ...rule }: PlainRule): RuleDocument {
  return { ...rule, conditions: parseConditions(conditions) };
}
