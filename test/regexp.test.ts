/**
 * No regular expression takes more than linear time, unless its text has a bound that is listed here. Text of
 * directories, providers, clients and files may be made to be slow.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { countSteps, hostileTexts, parseLiteral } from './support/regexp-steps.ts';

const SRC = resolve(import.meta.dirname, '../src');
/** Commands that run on files of the operator or of this repository; no server runs them. */
const OFFLINE = ['migrate/', 'config/reference.ts'];
/** How often a hostile text repeats its part. */
const REPETITIONS = 200;
/** Steps for a character of the text. One that is not linear takes about half of `REPETITIONS`. */
const STEPS_PER_CHARACTER = 40;
/** Steps that take milliseconds. */
const MAX_STEPS = 3_000_000;

interface Bound {
  readonly file: string;
  readonly literal: string;
  /** The characters that the text has at most. */
  readonly max: number;
  readonly why: string;
}

const BOUNDED: readonly Bound[] = [
  {
    file: 'config/match/match-pattern.ts',
    literal: String.raw`/\$\{(?:(account|name|service)(?::(\d{1,3}))?|labels:([^}]{1,256}))\}/g`,
    max: 16_384,
    why: 'it takes at most 256 steps for each label',
  },
];

/** Files that build expressions from texts of their own, which the test cannot read. Each is anchored or one class. */
const BUILT: readonly string[] = [
  'backends/ldap/config/filter-parse.ts',
  'backends/password-hash.ts',
  'core/fairlead-prefix.ts',
  'core/personal-token.ts',
  'core/refresh-token.ts',
  'core/spelling.ts',
  'flows/leaked-tokens.ts',
];

interface Found {
  readonly file: string;
  readonly literal: string;
}

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.name.endsWith('.ts'))
  .map((entry) => relative(SRC, join(entry.parentPath, entry.name)))
  .filter((file) => !OFFLINE.some((start) => file.startsWith(start)));

const literals: Found[] = [];
const built = new Set<string>();
for (const file of files) {
  const source = ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.Latest);
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) literals.push({ file, literal: node.text });
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'RegExp')
      built.add(file);
    ts.forEachChild(node, visit);
  };
  visit(source);
}

function isLinear(literal: string): boolean {
  const expression = parseLiteral(literal);
  return hostileTexts(expression, REPETITIONS).every((text) => {
    const limit = STEPS_PER_CHARACTER * text.length;
    return countSteps(expression, text, limit) < limit;
  });
}

describe('the count of steps', () => {
  it.each([
    [String.raw`/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g`],
    ['/ +$/'],
    [String.raw`/^(a+)+$/`],
    [String.raw`/([a-z_]+)="([^"]*)"/gi`],
    [String.raw`/^basic +([a-z]*) *$/`],
    ['/x.*y/'],
  ])('finds that %s is not linear', (literal) => {
    expect(isLinear(literal)).toBe(false);
  });

  it.each([['/^a+b/'], [String.raw`/\s+/g`], ['/[%@]/g'], ['/abc/'], [String.raw`/^\d{1,9}(?:,\d{1,9}){3}$/`]])(
    'finds that %s is linear',
    (literal) => {
      expect(isLinear(literal)).toBe(true);
    },
  );
});

it('the test reads every regular expression of the sources', () => {
  expect(literals.length).toBeGreaterThan(100);
  expect([...built].toSorted()).toEqual(BUILT);
});

it('every regular expression is linear, or has a bound in the list', () => {
  const slow = literals.filter(({ literal }) => !isLinear(literal));
  const unlisted = slow.filter(
    ({ file, literal }) => !BOUNDED.some((bound) => bound.file === file && bound.literal === literal),
  );

  expect(unlisted).toEqual([]);
});

it.each(BOUNDED)(
  '$literal in $file is fast on $max characters: $why',
  ({ file, literal, max }) => {
    expect(literals).toContainEqual({ file, literal });
    expect(isLinear(literal)).toBe(false);
    const expression = parseLiteral(literal);
    for (const text of hostileTexts(expression, max)) {
      expect(countSteps(expression, text.slice(0, max), MAX_STEPS)).toBeLessThan(MAX_STEPS);
    }
  },
  120_000,
);
