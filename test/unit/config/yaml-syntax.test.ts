/** One typing mistake in one line of a sample file: the message is short and names the line. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadYaml } from '../../../src/config/load-yaml.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { problemsOf, writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

const CONFIG = resolve(import.meta.dirname, '../../../config');
const SAMPLES = ['broker.yaml', 'policy.yaml', 'examples/full.yaml', 'examples/active-directory.yaml'];
const NO_COLON = 'found no colon and space after a key, expected `key: value`';

let files: WrittenFiles;
beforeAll(async () => {
  files = await writtenFiles();
});
afterAll(async () => {
  await files[Symbol.asyncDispose]();
});

async function problems(content: string): Promise<readonly string[]> {
  const path = await files.write('a.yaml', content);
  return await problemsOf(files, async () => {
    const yaml = await loadYaml(path, { maxBytes: 100_000 });
    throw new ConfigError([...yaml.problems, yaml.problem([], 'is well-formed')]);
  });
}

interface Mistake {
  readonly line: number;
  readonly found: readonly string[];
}

/** What is reported when each line of the sample files is changed, one after the other. */
async function mistakes(change: (line: string) => string): Promise<readonly Mistake[]> {
  const reports: Mistake[] = [];
  for (const sample of SAMPLES) {
    const lines = (await readFile(join(CONFIG, sample), 'utf8')).split('\n');
    for (const [index, line] of lines.entries()) {
      const changed = change(line);
      if (changed === line || line.trim().startsWith('#') || line.trim() === '') continue;
      const found = await problems(lines.with(index, changed).join('\n'));
      if (found.some((problem) => problem.endsWith('is well-formed'))) continue;
      reports.push({ line: index + 1, found });
    }
  }
  return reports;
}

describe('a sample file with one mistake', () => {
  it.each([
    ['a line that is indented more', (line: string) => ` ${line}`],
    ['a line that is indented less', (line: string) => line.replace(/^ /, '')],
    ['a line that begins with a tab', (line: string) => line.replace(/^ +/, '\t')],
    ['a missing colon', (line: string) => line.replace(/^(\s*(?:- )?[a-zA-Z]+):/, '$1')],
    ['a missing bracket', (line: string) => line.replace(']', '')],
    ['a missing brace', (line: string) => line.replace('}', '')],
    ['a missing quote', (line: string) => line.replace(/['"]/, '')],
  ])('is refused with at most four lines because of %s', async (_what, change) => {
    const reports = await mistakes(change);

    expect(reports.length).toBeGreaterThan(5);
    expect(reports.filter(({ found }) => found.length > 4)).toEqual([]);
  });

  it.each([
    ['a missing colon', (line: string) => line.replace(/^(\s*(?:- )?[a-zA-Z]+):/, '$1')],
    ['a missing space after the colon', (line: string) => line.replace(/^(\s*(?:- )?[a-zA-Z]+): /, '$1:')],
  ])('is reported as %s, at the line or the next one', async (_what, change) => {
    const reports = await mistakes(change);

    const others = reports.filter(({ line, found: [first = ''] }) => {
      const at = Number(/^a\.yaml:(\d+):/.exec(first)?.[1]);
      return !first.includes(NO_COLON) || at < line || at > line + 3;
    });
    expect(reports.length).toBeGreaterThan(100);
    // Where the line above has no value yet, the mistake is valid YAML until a later line.
    expect(others.length).toBeLessThan(reports.length / 5);
  });
});

describe('loadYaml', () => {
  it.each([
    ['no colon in a mapping', 'a: 1\nb\nc: 2\n', [`2:1: ${NO_COLON}`]],
    ['no colon before braces', 'a:\n  b { c: 1, d: 2 }\n  e: 3\n', [`2:10: ${NO_COLON}`]],
    ['no space after a colon', 'a:"x"\nb: 1\n', [`1:1: ${NO_COLON}`]],
    [
      'keys below a value',
      'a: b\n  c: d\n',
      [
        '1:4: found a value, and on the next line a key that is indented more: give that key the indentation of this one',
      ],
    ],
    [
      'an entry of a list among keys',
      'a: 1\n- b\n',
      ['2:1: found an entry of a list among keys: check its indentation, and that of the lines above'],
    ],
    ['an open quote', 'a: "x\n', ['2:1: found no closing quote']],
    ['an open bracket', 'a: [1\nb: 2\n', ['2:1: found no closing bracket or brace before this line']],
    ['no comma', "a: ['b' 'c']\n", ['1:9: found no comma between two entries']],
    [
      'text after a quoted value',
      "a: 'it's'\n",
      ['1:8: found text after the end of a value, expected a new line, or the whole value in quotes'],
    ],
  ])('explains %s', async (_what, content, expected) => {
    expect(await problems(content)).toEqual(expected.map((line) => `a.yaml:${line}`));
  });

  it('lists the first three lines with errors and counts the others', async () => {
    const found = await problems('a: @1\nb: @2 @2\nc: @3\nd: @4\ne: @5\n');

    expect(found).toEqual([
      expect.stringMatching(/^a\.yaml:1:4: /),
      expect.stringMatching(/^a\.yaml:2:4: /),
      expect.stringMatching(/^a\.yaml:3:4: /),
      'a.yaml:4:4: 2 more lines have errors, which may follow from the first one: correct it and check again',
    ]);
  });

  it('quotes nothing of a malformed document, which may contain a password', async () => {
    const found = await problems('password hunter2\nsecret: "hunter2\nx: hunter2: hunter2\n');

    expect(found.join('\n')).not.toContain('hunter2');
  });
});
