/**
 * Reads and checks a policy on another thread. Only plain data crosses: conditions as they are written, which are parsed
 * again on arrival.
 */
import { createCompiler } from '../core/policy/compile.ts';
import type { Evaluation, RuleDocument } from '../core/policy/document.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Background, FileInput, FileTask } from '../core/ports.ts';
import { parseConditions, writtenConditions } from './conditions/index.ts';
import type { WrittenConditions } from './conditions/index.ts';
import { documentOf, readPolicy } from './load-policy.ts';
import type { ReadPolicy } from './load-policy.ts';
import { ConfigError } from './problems.ts';
import type { ConfigProblem } from './problems.ts';
import { isRecord } from './schema-walk.ts';

/** A rule with its conditions as they are written. */
export interface PlainRule extends Omit<RuleDocument, 'conditions'> {
  readonly conditions: WrittenConditions;
}

interface Head {
  readonly kind: 'head';
  readonly revision: string;
  readonly evaluation: Evaluation;
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

type Part =
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] }
  | Head
  | { readonly kind: 'rules'; readonly rules: readonly PlainRule[] };

/** Each part is handled in one turn of the event loop. */
const RULES_A_PART = 50;

export default async function* policyParts({ files }: FileInput): AsyncGenerator<Part> {
  let read: ReadPolicy;
  try {
    read = await readPolicy(files[0] ?? '');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield { kind: 'refused', problems: error.problems };
    return;
  }
  const { policy, file } = read;
  const roles = new Map(Object.entries(file.roles));
  yield { kind: 'head', revision: policy.revision, evaluation: policy.evaluation, roles };
  for (let at = 0; at < file.rules.length; at += RULES_A_PART) {
    const rules = file.rules.slice(at, at + RULES_A_PART);
    yield { kind: 'rules', rules: rules.map((_, index) => plainRule(read, at + index)) };
  }
}

const TASK: FileTask<FileInput, Part> = { module: import.meta.url, work: policyParts };

/** @throws ConfigError with every problem of the file; Error when its reading fails otherwise. */
export async function loadPolicyInBackground(path: string, background: Background): Promise<Policy> {
  let compiler: ReturnType<typeof createCompiler> | undefined;
  for await (const part of background(TASK, { files: [path] })) {
    if (part.kind === 'refused') throw new ConfigError(part.problems);
    if (part.kind === 'head') compiler = createCompiler(part);
    else for (const rule of part.rules) compiler?.add(readyRule(rule));
  }
  const compiled = compiler?.finish();
  // INVARIANT: what compiles there compiles here.
  if (compiled?.kind !== 'compiled') throw new Error(`the policy ${path} was not read to its end`);
  return compiled.policy;
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
export function readyRule({ conditions, ...rule }: PlainRule): RuleDocument {
  return { ...rule, conditions: parseConditions(conditions) };
}
