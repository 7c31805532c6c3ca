import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../src/cli/program.ts';

/** Runs `hash-password` at a terminal at which these lines are typed, each after its prompt. */
async function typed(...lines: readonly string[]) {
  const left = [...lines];
  const written = { stdout: '', stderr: '' };
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const code = await runCommandLine(['hash-password'], {
    stdin,
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => {
      written.stderr += text;
      if (text.endsWith(': ')) setImmediate(() => stdin.write(`${left.shift() ?? ''}\n`));
    },
  });
  return { code, ...written };
}

describe('a password that is typed to be stored', () => {
  it('is hashed when both entries are equal, and never shown', async () => {
    const { code, stdout, stderr } = await typed('typed-password-1', 'typed-password-1');

    expect([code, stderr]).toEqual([0, 'Password: \nAgain: \n']);
    expect(stdout).toMatch(/^\$argon2id\$\S+\n$/);
  });

  it('is refused when the entries differ', async () => {
    const { code, stdout, stderr } = await typed('typed-password-1', 'typed-password-2');

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('the two passwords differ; run the command again');
    expect(stderr).not.toContain('typed-password');
  });
});
