/** The recipe for a command in CONTRIBUTING.md, followed to the letter in a copy of the repository. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/process.ts';
import type { Result } from '../support/process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LEFT_OUT = new Set(['.git', 'node_modules', 'build', 'dist', 'data', 'reports', 'coverage']);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-recipe-'));
  await cp(ROOT, folder, {
    recursive: true,
    filter: (path) => !LEFT_OUT.has(relative(ROOT, path).split('/')[0] ?? ''),
  });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The code blocks of a recipe, by the file that their first line names, without that line. */
function blocksOf(recipe: string): ReadonlyMap<string, string> {
  const blocks = [...recipe.matchAll(/^ {3}```ts\n {3}\/\/ (\S+)\n(.*?)^ {3}```$/gms)];
  return new Map(blocks.map(([, file = '', text = '']) => [file, text.replaceAll(/^ {3}/gm, '')]));
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8');
  const changed = change(text);
  expect(changed, `nothing was changed in ${file}`).not.toBe(text);
  await writeFile(path, changed);
}

const node = (script: string, ...args: readonly string[]): Promise<Result> =>
  run(process.execPath, [join(folder, script), ...args], { cwd: folder });

describe('the recipe for a command', () => {
  it('gives a command that compiles, passes the tests of all commands and prints its result', async () => {
    const text = await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    const [, recipe = ''] = /^## A new command\n(.*?)^## /ms.exec(text) ?? [];
    const blocks = blocksOf(recipe);
    const [command = '', list = '', test = ''] = blocks.keys();

    await writeFile(join(folder, command), blocks.get(command) ?? '');
    await edit(list, (source) => source.replace(/^\]\);/m, `${blocks.get(list)?.trimEnd()}\n]);`));
    await edit(test, (source) =>
      source.replace(/^const RUNS.*$/m, (line) => `${line}\n${blocks.get(test)?.trimEnd()}`),
    );
    await edit('README.md', (readme) =>
      readme.replace(/^\| `fairlead schema` .*$/m, '$&\n| `fairlead list-backends` | List the configured backends |'),
    );
    await edit('CHANGELOG.md', (changelog) => `${changelog}\n- \`fairlead list-backends\`\n`);

    expect(await node('node_modules/.bin/tsc', '-b', 'src/cli')).toMatchObject({ code: 0, stdout: '' });
    const tests = await node('node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', 'test/unit/cli');
    expect(tests.stdout + tests.stderr).toMatch(/Tests .*passed/);
    expect(tests.code, tests.stdout + tests.stderr).toBe(0);
    expect(await node('src/cli/main.ts', 'list-backends')).toMatchObject({ code: 0, stdout: 'local\n' });
  });
});
