/** Turns what zod found into problems with a place, what was found and what is allowed. */
import { z } from 'zod';
import { expectedText, foundText, oneOf } from './expectation.ts';
import type { YamlFile } from './load-yaml.ts';
import type { ConfigProblem, Path } from './problems.ts';
import { alternatives, schemasAt } from './schema-walk.ts';
import type { Schema } from './schema-walk.ts';
import { suggest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** What an issue is explained from. */
interface Context {
  readonly schema: Schema;
  readonly yaml: YamlFile;
  /** Sentences for keys at the top that are unknown, but not misspelt. */
  readonly hints: Readonly<Record<string, string>>;
}

/** Keys that hold a secret even where the schema has no such place. */
const SECRET_KEY = /passw|secret|passphrase|credential|private/i;

/** @param issues of a parse with `reportInput: true` */
export function explainIssues(issues: readonly Issue[], context: Context): readonly ConfigProblem[] {
  return issues.flatMap((issue) => explain(issue, [], context));
}

function explain(issue: Issue, base: Path, context: Context): readonly ConfigProblem[] {
  const { yaml } = context;
  const path = [...base, ...documentPath(issue.path)];
  const { schemas, inSecret } = schemasAt(context.schema, yaml.value, path);
  const hidden = inSecret || SECRET_KEY.test(String(path.at(-1)));
  if (issue.code === 'unrecognized_keys' && !inSecret) return unknownKeys(issue, path, schemas, context);
  if (issue.code === 'invalid_key')
    return issue.issues.map((inner) => yaml.problem(path, sentence(inner, hidden), 'key'));
  if (issue.code === 'invalid_union') {
    if (issue.discriminator !== undefined && issue.errors.length === 0) return [unknownType(issue, path, yaml)];
    const meant = inSecret ? undefined : meantOption(issue.errors);
    if (meant !== undefined) return meant.flatMap((inner) => explain(inner, path, context));
  }
  const isKindWrong =
    ['invalid_type', 'invalid_union', 'invalid_value'].includes(issue.code) || (inSecret && issue.code !== 'custom');
  return [yaml.problem(path, isKindWrong ? mismatch(issue, schemas, { hidden, inSecret }) : sentence(issue, hidden))];
}

function documentPath(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'symbol' ? step.toString() : step));
}

function unknownKeys(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  path: Path,
  schemas: readonly Schema[],
  { yaml, hints }: Context,
): readonly ConfigProblem[] {
  const settled = schemas.flatMap((schema) => alternatives(schema, issue.input));
  const known = [
    ...new Set(settled.flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.def.shape) : []))),
  ];
  return issue.keys.map((key) => {
    const hint = path.length === 0 && Object.hasOwn(hints, key) ? hints[key] : undefined;
    return yaml.problem(
      [...path, key],
      hint ?? `unknown key, expected ${oneOf(known)}${didYouMean(key, known)}`,
      'key',
    );
  });
}

/** The problem of a mapping whose `type` is none of those that can be told apart by it. */
function unknownType(issue: z.core.$ZodIssueInvalidUnion, path: Path, yaml: YamlFile): ConfigProblem {
  const found: unknown = z.record(z.string(), z.unknown()).safeParse(issue.input).data?.[String(path.at(-1))];
  const options = 'options' in issue ? [...(issue.options ?? [])].map(String) : [];
  if (found === undefined) return yaml.problem(path, `missing, expected ${oneOf(options)}`);
  return yaml.problem(
    path,
    `found ${foundText(found, false)}, expected ${oneOf(options)}${didYouMean(found, options)}`,
  );
}

/** The option of a union that was meant, when the kind of the value shows it: the one it fits best. */
function meantOption(errors: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const ofItsKind = errors.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return ofItsKind.toSorted((a, b) => a.length - b.length)[0];
}

function mismatch(
  issue: Issue,
  schemas: readonly Schema[],
  { hidden, inSecret }: { readonly hidden: boolean; readonly inSecret: boolean },
): string {
  const fallback = issue.code === 'invalid_type' ? issue.expected : 'another value';
  const expected = inSecret ? '{ env: NAME } or { file: PATH }' : expectedText(schemas, issue.input) || fallback;
  if (issue.input === undefined) return `missing, expected ${expected}`;
  const found = `found ${foundText(issue.input, hidden)}, expected ${expected}`;
  if (inSecret) return `${found}: a secret is never written inline`;
  return issue.code === 'invalid_value' ? `${found}${didYouMean(issue.input, issue.values.map(String))}` : found;
}

/** What is wrong with a value of the right kind. */
function sentence(issue: Issue, hidden: boolean): string {
  const expected = limitText(issue) ?? issue.message;
  // Such a message speaks for itself.
  if (
    expected.includes('found ') ||
    (typeof issue.input === 'object' && issue.input !== null && !Array.isArray(issue.input))
  ) {
    return expected;
  }
  const limit = expected.startsWith('expected ')
    ? expected
    : `expected ${expected.charAt(0).toLowerCase()}${expected.slice(1)}`;
  return `found ${foundText(issue.input, hidden)}, ${limit}`;
}

function limitText(issue: Issue): string | undefined {
  if (issue.code === 'too_small') return `expected ${limited(issue.origin, issue.minimum, 'at least')}`;
  if (issue.code === 'too_big') return `expected ${limited(issue.origin, issue.maximum, 'at most')}`;
  return undefined;
}

const UNITS: Readonly<Record<string, string>> = {
  string: 'character',
  array: 'entry',
  object: 'entry',
  record: 'entry',
  map: 'entry',
};

function limited(origin: string, limit: number | bigint, bound: 'at least' | 'at most'): string {
  const unit = UNITS[origin];
  if (unit === undefined) return `${bound} ${limit}`;
  const plural = unit === 'entry' ? 'entries' : `${unit}s`;
  return `${bound} ${limit} ${Number(limit) === 1 ? unit : plural}`;
}

function didYouMean(found: unknown, candidates: readonly string[]): string {
  const meant = typeof found === 'string' ? suggest(found, candidates) : undefined;
  return meant === undefined ? '' : `; did you mean "${meant}"?`;
}
