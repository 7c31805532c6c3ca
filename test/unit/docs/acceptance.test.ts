/** test/ACCEPTANCE.md is the list behind `acceptance N` in test names. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const TEST = resolve(import.meta.dirname, '../..');

/** The numbers after "acceptance" in the names of tests. */
function numbersIn(source: string): readonly number[] {
  return [...source.matchAll(/['"`]acceptance (\d+)\b/g)].map(([, number]) => Number(number));
}

describe('the acceptance list', () => {
  it('has a point for every number in a test name, and a test for every point', async () => {
    const files = (await readdir(TEST, { recursive: true })).filter((name) => name.endsWith('.test.ts'));
    const sources = await Promise.all(files.map((name) => readFile(join(TEST, name), 'utf8')));
    const text = await readFile(join(TEST, 'ACCEPTANCE.md'), 'utf8');

    const used = new Set(sources.flatMap(numbersIn));
    const listed = [...text.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
    expect(listed).toEqual([...listed].toSorted((a, b) => a - b));
    expect([...used].toSorted((a, b) => a - b)).toEqual(listed);
  });

  it('is read from test names wherever they stand in the line', () => {
    const name = 'acceptance';

    expect(numbersIn(`it('${name} 7: works', () => {});\n describe(\n    '${name} 12: x',`)).toEqual([7, 12]);
  });
});
