/** Globs and expressions are what Go takes them for. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { parseGoGlob, quoteMeta } from '../../../../src/config/match/go-glob.ts';
import { parseMatchPattern } from '../../../../src/config/match/match-pattern.ts';
import { compileRe2 } from '../../../../src/config/match/re2.ts';

interface Recorded {
  readonly malformed: readonly string[];
  readonly matching: readonly (readonly [string, string, (readonly string[])?])[];
  readonly failing: readonly (readonly [string, string])[];
}

const FILE = resolve(import.meta.dirname, '../../../golden/docker-auth/go-patterns.json');
const recorded: { readonly globs: Recorded; readonly expressions: Recorded } = JSON.parse(await readFile(FILE, 'utf8'));

describe('parseGoGlob', () => {
  it('refuses what Go calls malformed', () => {
    expect(recorded.globs.malformed.length).toBeGreaterThan(100);
    expect(recorded.globs.malformed.filter((glob) => parseGoGlob(glob) !== undefined)).toEqual([]);
  });

  it('matches what Go matches, and nothing else', () => {
    const { matching, failing } = recorded.globs;

    expect(Math.min(matching.length, failing.length)).toBeGreaterThan(100);
    expect(matching.filter(([glob, text]) => parseGoGlob(glob)?.matches(text) !== true)).toEqual([]);
    expect(failing.filter(([glob, text]) => parseGoGlob(glob)?.matches(text) !== false)).toEqual([]);
  });

  it('knows the one text of a glob without wildcards', () => {
    expect(parseGoGlob('a/b\\*')?.literal).toBe('a/b*');
    expect(parseGoGlob('a/b*')?.literal).toBeUndefined();
    expect(parseGoGlob('[a]')?.literal).toBeUndefined();
  });

  it('matches a quoted text alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        const glob = parseGoGlob(quoteMeta(text));
        expect(glob?.literal).toBe(text);
        expect(glob?.matches(text)).toBe(true);
        expect(glob?.matches(other)).toBe(text === other);
      }),
    );
  });
});

describe('compileRe2', () => {
  it('refuses what Go refuses', () => {
    expect(recorded.expressions.malformed.length).toBeGreaterThan(100);
    expect(recorded.expressions.malformed.filter((source) => typeof compileRe2(source) !== 'string')).toEqual([]);
  });

  it('finds what Go finds, with the same groups', () => {
    const { matching, failing } = recorded.expressions;
    const groups = (source: string, text: string): readonly string[] | undefined => {
      const regex = compileRe2(source);
      return typeof regex === 'string' ? undefined : regex.groups(text);
    };

    expect(Math.min(matching.length, failing.length)).toBeGreaterThan(100);
    for (const [source, text, found] of matching)
      expect([source, text, groups(source, text)]).toEqual([source, text, found]);
    expect(failing.filter(([source, text]) => groups(source, text) !== undefined)).toEqual([]);
  });

  it('takes time by the text and not by the pattern', () => {
    const regex = compileRe2('^(a+)+$');
    const started = performance.now();

    expect(typeof regex === 'string' ? undefined : regex.test(`${'a'.repeat(255)}b`)).toBe(false);
    // Going back and forth would outlast the universe.
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('refuses an expression too long to be written by hand', () => {
    expect(compileRe2('a'.repeat(5000))).toBe('has more than 4096 characters');
  });
});

describe('parseMatchPattern', () => {
  const matches = (text: string, subject: string, values: readonly string[] = []): boolean => {
    const pattern = parseMatchPattern(text);
    if (typeof pattern === 'string') throw new Error(pattern);
    return pattern.matches(subject, () => values);
  };

  it('finds an expression anywhere in the text, and a glob as the whole', () => {
    expect(matches('/dev/', 'devops')).toBe(true);
    expect(matches('dev', 'devops')).toBe(false);
    expect(matches('//', '//')).toBe(true);
  });

  it.each(['web', 'a.b', 'x*', '', '$&'])('takes the value %j of a placeholder literally', (value) => {
    expect(matches('${account}/x', `${value}/x`, [value])).toBe(true);
    expect(matches('/^${account}/x$/', `${value}/x`, [value])).toBe(true);
    expect(matches('${account}/x', 'any/x', [value])).toBe(false);
    expect(matches('/^${account}/x$/', 'aXb/x', [value])).toBe(false);
  });

  it('matches with any of the values of a label, and with none when there is none', () => {
    expect(matches('${labels:group}/*', 'api/x', ['web', 'api'])).toBe(true);
    expect(matches('/^${labels:group}-x$/', 'api-x', ['web', 'api'])).toBe(true);
    expect(matches('/^${labels:group}-x$/', 'we-x', ['web', 'api'])).toBe(false);
    expect(matches('${labels:group}/*', 'api/x', [])).toBe(false);
    expect(matches('/${labels:group}/', 'api/x', [])).toBe(false);
    expect(matches('/^a$|${labels:group}/', 'a', [])).toBe(true);
  });

  it.each([
    ['[a-', 'is no glob'],
    ['[${account}]', 'has a placeholder between brackets'],
    ['/(/', 'is no RE2 expression: error parsing regexp: missing closing ): `(`'],
    ['/a(?=b)/', 'is no RE2 expression: error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['${labels:a}/${labels:a}', 'names a label twice'],
  ])('refuses %j, which %s', (text, problem) => {
    expect(parseMatchPattern(text)).toBe(problem);
  });
});
