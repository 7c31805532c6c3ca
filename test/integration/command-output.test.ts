/** Commands whose output cannot be written: a reader that has gone, a full disk. */
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { run } from '../support/process.ts';
import { workspace } from '../unit/cli/workspace.ts';

/** Runs a line of bash in which `fairlead` is the program, and prints the exit code of the first program of the pipe. */
async function bash(line: string, cwd: string) {
  const script = `fairlead() { "${process.execPath}" "${MAIN}" "$@"; }; ${line}; echo "exit code \${PIPESTATUS[0]}" >&2`;
  const { stdout, stderr } = await run('bash', ['-c', script], { cwd, env: { ...process.env, NO_COLOR: '1' } });
  return { stdout, stderr };
}

const GRANTED = 'explain --config broker.yaml --scope repository:public/a:pull';
const DENIED = 'explain --config broker.yaml --scope repository:public/a:push';

describe('a command whose reader has closed the pipe', () => {
  it.each([
    [GRANTED, 0],
    [DENIED, 1],
    ['--help', 0],
    ['registry-config --config broker.yaml', 0],
  ])('fairlead %s says nothing about it, and keeps its exit code', async (command, code) => {
    await using files = await workspace();

    const { stderr } = await bash(`fairlead ${command} | true`, files.folder);

    expect(stderr.replaceAll(/^note: .*\n/gm, '')).toBe(`exit code ${code}\n`);
  });

  it('ends when it would go on for ever: check --watch', async () => {
    await using files = await workspace();

    const { stdout, stderr } = await bash(
      'while sleep 1; do echo "# $RANDOM" >> policy.yaml; done & fairlead check --watch --config broker.yaml | head -1; code=${PIPESTATUS[0]}; kill $!; (exit $code)',
      files.folder,
    );

    expect(stdout).toContain('broker.yaml: 1 service, 1 backend');
    expect(stderr).toContain('exit code 0');
  });
});

describe('a command whose output does not fit on the disk', () => {
  it.each([GRANTED, DENIED, '--help', 'hash-password', 'registry-config --config broker.yaml'])(
    'fairlead %s exits with 2 and one line',
    async (command) => {
      await using files = await workspace();

      const full = await bash(`fairlead ${command} > /dev/full <<< one-password`, files.folder);
      const fits = await bash(`fairlead ${command} > /dev/null <<< one-password`, files.folder);

      const line = 'fairlead: the output cannot be written (no space left on the device)';
      expect(full.stderr.split('\n').filter((text) => !text.startsWith('note: '))).toEqual([line, 'exit code 2', '']);
      expect(fits.stderr).toMatch(/^exit code [01]$/m);
    },
  );

  it('fairlead keygen exits with 2 and leaves no part of a key', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-full-'));
    // Without room for a single block, as on a full disk.
    const { stderr } = await bash(`(trap '' XFSZ; ulimit -f 0; fairlead keygen --dir keys)`, folder.path);

    expect(stderr).toMatch(
      /^fairlead: keys\/token\.pem cannot be written \(the file may not grow further\); make space, or choose another --dir\nexit code 2\n$/,
    );
    expect(await readdir(join(folder.path, 'keys'))).toEqual([]);
  });
});
