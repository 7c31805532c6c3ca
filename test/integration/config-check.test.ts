/** `fairlead check` on configurations as operators break them: exit code 2, and the place on standard error. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../support/process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SAMPLES = ['broker.yaml', 'policy.yaml', 'users.yaml'];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-check-'));
  for (const name of SAMPLES) await cp(join(ROOT, 'config', name), join(folder, name));
  await edit('users.yaml', (text) =>
    text.replaceAll(/\{ file: \.\.\/data\/[\w-]+\.password \}/g, '{ env: CHECK_PASSWORD }'),
  );
  await edit('broker.yaml', (text) => text.replace('../data', 'data'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function edit(name: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(join(folder, name), 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  await writeFile(join(folder, name), after);
}

function check(...options: readonly string[]) {
  return run(process.execPath, [join(ROOT, 'src/cli/main.ts'), 'check', '--config', 'broker.yaml', ...options], {
    cwd: folder,
    env: { ...process.env, CHECK_PASSWORD: 'only-for-this-test' },
  });
}

describe('fairlead check', () => {
  it('accepts the sample configuration', async () => {
    const { code, stdout, stderr } = await check();

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('policy tests: 7 passed, 0 failed');
  });

  it('exits with 2 and names file, line and column of a misspelt key in broker.yaml', async () => {
    await edit('broker.yaml', (text) => text.replace('publicUrl', 'publicURL'));

    const { code, stdout, stderr } = await check();

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^broker\.yaml:4:1: publicURL: unknown key, .*did you mean "publicUrl"\?$/m);
  });

  it('exits with 2 and names file, line and column of a misspelt key in policy.yaml', async () => {
    await edit('policy.yaml', (text) => text.replace('repositories', 'repositorys'));

    const { code, stdout, stderr } = await check();

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^policy\.yaml:11:5: rules\.0\.repositorys: unknown key, .*did you mean "repositories"\?$/m);
  });

  it('prints the same problems as JSON', async () => {
    await edit('broker.yaml', (text) => text.replace('anonymous: allow', 'anonymous: maybe'));

    const { code, stdout } = await check('--format', 'json');

    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      problems: [
        {
          file: 'broker.yaml',
          line: 9,
          column: 16,
          path: 'services."localhost:5000".anonymous',
          message: 'found "maybe", expected one of allow, deny',
        },
      ],
    });
  });

  it('exits with 1 and names the test when a test of the policy fails', async () => {
    await edit('policy.yaml', (text) => text.replace('expect: [pull, push]', 'expect: [pull]'));

    const { code, stdout } = await check();

    expect(code).toBe(1);
    expect(stdout).toMatch(
      /policy\.yaml:36: FAILED alice in team-web asks repository:web\/shop:pull,push: expected pull/,
    );
  });
});
