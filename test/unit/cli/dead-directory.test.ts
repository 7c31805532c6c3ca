/** What an operator reads when nothing listens at the address of the directory: one sentence with the cure. */
import { describe, expect, it } from 'vitest';
import { CONFIG, workspace } from './workspace.ts';

const URL = 'ldap://127.0.0.1:1';
const SENTENCE = `${URL}: cannot connect (connect ECONNREFUSED 127.0.0.1:1): nothing listens there: start the directory, or correct urls`;
const DEAD = JSON.stringify({
  ...CONFIG,
  backends: [{ name: 'corp', type: 'ldap', urls: [URL], users: { base: 'dc=example,dc=org' } }],
});

describe('with a directory that is not started', () => {
  it.each([
    ['check --connect', ['check', '--connect'], 1, `FAILED: backend corp: ${SENTENCE}\nFAILED: backend corp is down\n`],
    [
      'check --login',
      ['check', '--login', 'alice'],
      1,
      `FAILED: backend corp failed: directory corp gives no usable answer: ${SENTENCE}\n`,
    ],
  ])('fairlead %s ends with the cause', async (_what, args, code, end) => {
    await using files = await workspace({ 'broker.yaml': DEAD });

    const result = await files.fairlead([...args, '--config', files.config], 'a-password\n');

    expect(result).toEqual({ code, stdout: expect.stringContaining(end), stderr: '' });
    expect(result.stdout.endsWith(end)).toBe(true);
    expect(result.stdout).not.toMatch(/[a-z]Error|Fault/);
  });

  it('fairlead explain says only why the groups cannot be read', async () => {
    await using files = await workspace({ 'broker.yaml': DEAD });

    const args = ['explain', '--user', 'alice', '--scope', 'repository:web/a:pull', '--config', files.config];

    expect(await files.fairlead(args)).toEqual({
      code: 2,
      stdout: '',
      stderr: `fairlead: directory corp gives no usable answer: ${SENTENCE}\n`,
    });
  });
});
