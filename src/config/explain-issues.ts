/** Turns zod's issues into problems with a place, the value that was found and what is allowed. */
import { z } from 'zod';
import { expectedText, oneOf } from './expectation.ts';
import { choiceSentence, didYouMean, limitSentence, notAListSentence, secretSentence } from './issue-sentences.ts';
import type { YamlFile } from './load-yaml.ts';
import type { ConfigProblem, Path } from './problems.ts';
import { alternatives, isRecord, schemasAt } from './schema-walk.ts';
import type { Schema } from './schema-walk.ts';
import { suggest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** The schema and document of an issue. */
interface Context {
  readonly schema: Schema;
  readonly yaml: YamlFile;
}

/** How many issues of a file are explained. */
const MOST_ISSUES = 1000;

/** How many unknown keys of one mapping are explained: each is compared with all known keys. */
const MOST_KEYS = 100;

/** Keys that probably hold a secret, even if the schema does not have them. */
const SECRET_KEY = /passw|secret|passphrase|credential|private/i;

/** An issue with the value at its place in the document: zod reports the transformed value, or the mapping around it. */
interface Placed<Kind extends Issue = Issue> {
  readonly issue: Kind;
  readonly path: Path;
  readonly schemas: readonly Schema[];
  readonly written: unknown;
  /** Whether `written` may be a secret. */
  readonly hidden: boolean;
}

export function explainIssues(issues: readonly Issue[], context: Context): readonly ConfigProblem[] {
  const all = withoutConsequences(issues);
  const problems = all.slice(0, MOST_ISSUES).flatMap((issue) => explain(issue, [], context));
  if (all.length <= MOST_ISSUES) return problems;
  return [...problems, context.yaml.problem([], `${all.length - MOST_ISSUES} more problems are not explained`)];
}

/**
 * Without the issues that follow from another one: a misspelt key is also a missing key, and a text in the place of a
 * list is also checked against the greatest length of the list.
 */
function withoutConsequences(issues: readonly Issue[]): readonly Issue[] {
  const misspelt = placesOf(issues, 'unrecognized_keys');
  const ofAnotherKind = placesOf(issues, 'invalid_type');
  return issues.filter(({ code, path }) => {
    if (code === 'custom') return !misspelt.has(path.join('\n'));
    return !((code === 'too_big' || code === 'too_small') && ofAnotherKind.has(path.join('\n')));
  });
}

function placesOf(issues: readonly Issue[], code: Issue['code']): ReadonlySet<string> {
  return new Set(issues.filter((issue) => issue.code === code).map(({ path }) => path.join('\n')));
}

function explain(issue: Issue, base: Path, context: Context): readonly ConfigProblem[] {
  const { yaml } = context;
  const path = [...base, ...documentPath(issue.path)];
  const { schemas, inSecret, written } = schemasAt(context.schema, yaml.value, path);
  const placed = { path, schemas, written, hidden: inSecret || SECRET_KEY.test(String(path.at(-1))) };
  if (inSecret && issue.code !== 'custom') return [yaml.problem(path, secretSentence(written))];
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownKeys({ ...placed, issue }, context);
    case 'invalid_key':
      return issue.issues.map((inner) => yaml.problem(path, limitSentence(inner, path.at(-1), false), 'key'));
    case 'invalid_union':
      return union({ ...placed, issue }, context);
    case 'invalid_type':
    case 'invalid_value':
      return [yaml.problem(path, mismatch({ ...placed, issue }))];
    case 'invalid_element':
      return issue.issues.flatMap((inner) => explain(inner, path, context));
    case 'custom':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      return [yaml.problem(path, limitSentence(issue, written, placed.hidden))];
  }
}

function documentPath(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'symbol' ? step.toString() : step));
}

function unknownKeys(
  { issue, path, schemas, written }: Placed<z.core.$ZodIssueUnrecognizedKeys>,
  { yaml }: Context,
): readonly ConfigProblem[] {
  const candidates = schemas.flatMap((schema) => alternatives(schema, written));
  const known = [
    ...new Set(candidates.flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.def.shape) : []))),
  ];
  const problems = issue.keys.slice(0, MOST_KEYS).map((key) => {
    // A DN without quotes in { } ends at its first comma.
    const advice = key.includes('=') ? '; text with a comma needs quotes in { }' : didYouMean(key, known);
    const message = `unknown key, expected ${oneOf(known)}${advice}`;
    return yaml.problem([...path, key], message, 'key');
  });
  const more = issue.keys.length - problems.length;
  return more === 0 ? problems : [...problems, yaml.problem(path, `${more} more unknown keys`)];
}

function union(placed: Placed<z.core.$ZodIssueInvalidUnion>, context: Context): readonly ConfigProblem[] {
  const { issue, path } = placed;
  if (issue.discriminator !== undefined && issue.errors.length === 0) {
    return [unknownType(placed, context)];
  }
  const intended = intendedOption(issue.errors);
  if (intended !== undefined) return intended.flatMap((inner) => explain(inner, path, context));
  return [context.yaml.problem(path, mismatch(placed))];
}

/** A union that a key such as `type` decides: the key is missing, is misspelt, or has an unknown value. */
function unknownType(
  { issue, path, written }: Placed<z.core.$ZodIssueInvalidUnion>,
  { schema, yaml }: Context,
): ConfigProblem {
  const options = 'options' in issue ? [...(issue.options ?? [])].map(String) : [];
  const key = String(path.at(-1));
  const mapping = schemasAt(schema, yaml.value, path.slice(0, -1)).written;
  const misspelt = isRecord(mapping) ? Object.keys(mapping).find((found) => suggest(found, [key]) === key) : undefined;
  if (written !== undefined || misspelt === undefined) {
    return yaml.problem(path, choiceSentence(written, oneOf(options), options));
  }
  return yaml.problem([...path.slice(0, -1), misspelt], `unknown key${didYouMean(misspelt, [key])}`, 'key');
}

/** The option of a union that fits best, among those for the kind of the value. */
function intendedOption(errors: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const ofItsKind = errors.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return ofItsKind.toSorted((a, b) => a.length - b.length)[0];
}

function mismatch({ issue, schemas, written, hidden }: Placed): string {
  // A union that a key decides has no option for a value without keys.
  const fallback = issue.code === 'invalid_type' && issue.expected === 'object' ? 'a mapping' : 'another value';
  const expected = expectedText(schemas, written) || fallback;
  const choices = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  if (expected === 'a list') return notAListSentence(written, { hidden, isEntry: isEntry(schemas, written) });
  const sentence = choiceSentence(written, expected, hidden ? [] : choices, hidden);
  const isSwitch = written === true || written === null;
  return isSwitch && takesDefaults(schemas) ? `${sentence}: write {} for the default values` : sentence;
}

/** Whether a section may be empty: people switch it on with `true`, or with no value after its name. */
function takesDefaults(schemas: readonly Schema[]): boolean {
  return schemas.some((schema) => z.core.safeParse(schema, {}).success);
}

/** Whether a value is valid as the only entry of a list. */
function isEntry(schemas: readonly Schema[], written: unknown): boolean {
  return schemas.some((schema) => z.core.safeParse(schema, [written]).success);
}
