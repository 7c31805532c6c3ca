/** Any key of the sample files, misspelt: reported with line, column and a suggestion. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { assert, asyncProperty, constantFrom, nat } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBroker, loadPolicy } from '../../../src/config/load.ts';
import { problemsOf, writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

const CONFIG = resolve(import.meta.dirname, '../../../config');
/** Keys that the files choose themselves. */
const OWN_NAMES = new Set(['reader', 'writer', 'owner', 'http', 'localhost', 'repository', '5000']);

let files: WrittenFiles;
beforeAll(async () => {
  files = await writtenFiles();
  for (const name of ['broker.yaml', 'policy.yaml', 'users.yaml']) {
    await files.write(name, await readFile(join(CONFIG, name), 'utf8'));
  }
});
afterAll(async () => {
  await files[Symbol.asyncDispose]();
});

interface Key {
  readonly text: string;
  readonly offset: number;
}

/** A key is a word with a colon, not in a comment. */
function keysIn(content: string): readonly Key[] {
  const code = content.replaceAll(/#.*/g, (comment) => ' '.repeat(comment.length));
  return [...code.matchAll(/(?<![\w:'/])([A-Za-z]+):(?=\s)/g)]
    .map(({ 1: text = '', index }) => ({ text, offset: index }))
    .filter(({ text }) => !OWN_NAMES.has(text));
}

describe.each([
  ['broker.yaml', loadBroker, 9],
  ['policy.yaml', loadPolicy, 40],
] as const)('a misspelt key of %s', (name, load, least) => {
  it('is reported with line and column, and with a suggestion', async () => {
    const content = await readFile(join(CONFIG, name), 'utf8');
    const keys = keysIn(content);
    expect(keys.length).toBeGreaterThanOrEqual(least);

    await assert(
      asyncProperty(constantFrom(...keys), nat(), async ({ text, offset }, at) => {
        const letter = offset + (at % text.length);
        const before = content.slice(0, offset).split('\n');
        const path = await files.write('misspelt.yaml', `${content.slice(0, letter)}x${content.slice(letter)}`);

        const found = await problemsOf(files, () => load(path));

        const place = `misspelt.yaml:${before.length}:${(before.at(-1)?.length ?? 0) + 1}: `;
        const problems = found.filter((line) => line.startsWith(place) && line.includes('unknown key'));
        expect(problems).toEqual([expect.stringContaining(text.length > 2 ? `did you mean "${text}"?` : '')]);
      }),
    );
  });
});
