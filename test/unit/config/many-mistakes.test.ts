/** Files with very many mistakes: the time and the size of the message stay bounded. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

let files: WrittenFiles;
beforeEach(async () => {
  files = await writtenFiles();
});
afterEach(async () => {
  await files[Symbol.asyncDispose]();
});

async function refusalOf(content: string): Promise<ConfigError> {
  const path = await files.write('policy.yaml', content);
  const refused: unknown = await loadPolicy(path).catch((error: unknown) => error);
  if (refused instanceof ConfigError) return refused;
  throw new Error('expected the file to be refused', { cause: refused });
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}

describe('a policy file', () => {
  // In quadratic time these take minutes; a test ends after 20 s.
  it.each([
    [
      '200,000 unknown keys in a rule',
      () => `rules:\n- name: a\n${lines(200_000, (index) => `  unknown${index}: 1`)}`,
      'rules.0.unknown0: unknown key, expected one of name,',
      '199900 more unknown keys',
    ],
    [
      '50,000 roles of the wrong kind',
      () => `rules: []\nroles:\n${lines(50_000, (index) => `  role${index}: 1`)}`,
      'roles.role0: found 1, expected a list',
      '49000 more problems are not explained',
    ],
  ])('with %s is refused with the first of them and the number of the others', async (_what, text, first, more) => {
    const { message, problems } = await refusalOf(text());

    expect(message).toContain(first);
    expect(problems.map((problem) => problem.message)).toContain(more);
    expect(message.split('\n').length).toBeLessThanOrEqual(101);
  });

  it('with thousands of unknown roles names only some of the known roles in each problem', async () => {
    const roles = lines(2000, (index) => `  role${index}: [pull]`);
    const rules = lines(2000, (index) => `- { name: r${index}, everyone: true, repositories: ['**'], allow: other }`);

    const { problems } = await refusalOf(`roles:\n${roles}\nrules:\n${rules}`);

    expect(problems).toHaveLength(2000);
    expect(problems[0]?.message).toMatch(/ nor a role \(roles: role0, .*, role19, and 1980 more\)$/);
  });

  it('with two keys of the same name reports the place of the last', async () => {
    const { problems } = await refusalOf('rules: []\nroles:\n  writer: [pull]\n  writer: 1\n');

    expect(problems.map(({ line, path }) => [line, path])).toContainEqual([4, 'roles.writer']);
  });
});
