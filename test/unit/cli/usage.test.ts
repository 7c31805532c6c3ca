/** Help and wrong usage of all commands. */
import { describe, expect, it } from 'vitest';
import { commands, fairlead, workspace } from './workspace.ts';

const words = (name: string): readonly string[] => name.split(' ');

describe('fairlead', () => {
  it('lists every command in its help, with the exit codes', async () => {
    const { code, stdout, stderr } = await fairlead(['--help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const listed = [...stdout.matchAll(/^ {2}([a-z-]+)\s/gm)].map(([, name]) => name);
    const topLevel = (await commands()).flatMap(({ name }) => (name.includes(' ') ? [] : [name]));
    expect(listed.filter((name) => name !== 'help')).toEqual(topLevel);
    expect(stdout).toContain('Exit codes: 0 success, 1 the answer is no, 2 usage or configuration error.');
  });

  it('prints its help in 80 columns', async () => {
    const { stdout } = await fairlead(['--help']);

    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('prints its version', async () => {
    expect(await fairlead(['--version'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  });

  it.each([
    ['an unknown command', ['frobnicate'], /^error: unknown command 'frobnicate'\n\(add --help for the commands\)/],
    ['a missing argument', ['who-can', 'push'], /missing required argument 'repository'/],
    ['a missing option', ['explain'], /required option '--scope <scope>' not specified/],
    ['no command', [], /^Usage: fairlead/],
  ])('exits with 2 for %s and explains it on standard error', async (_what, args, expected) => {
    const { code, stdout, stderr } = await fairlead(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(expected);
  });
});

describe.each(await commands())('fairlead $name', ({ name, description }) => {
  it('prints its help to standard output', async () => {
    const { code, stdout, stderr } = await fairlead([...words(name), '--help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: fairlead ${name}`);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(description);
  });
});

describe.each((await commands()).filter(({ isLeaf }) => isLeaf))('fairlead $name', ({ name, required }) => {
  it('exits with 2 for an unknown option', async () => {
    const { code, stdout, stderr } = await fairlead([...words(name), ...required, '--frobnicate']);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/unknown option '--frobnicate'/);
  });

  it('exits with 2 for a format that does not exist', async () => {
    const { code, stderr } = await fairlead([...words(name), '--format', 'xml']);

    expect(code).toBe(2);
    // What the credential helper prints is its protocol.
    const refusal = name.startsWith('credential ')
      ? "unknown option '--format'"
      : "argument 'xml' is invalid. Allowed choices are human, json";
    expect(stderr).toContain(refusal);
  });
});

describe('a broken configuration', () => {
  it('is reported with its place on standard error, and exits with 2', async () => {
    await using files = await workspace({ 'broker.yaml': 'listen: nowhere\n' });

    const { code, stdout, stderr } = await files.fairlead(['check', '--config', files.config]);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^broker\.yaml:1:9: listen: found "nowhere", expected HOST:PORT/m);
  });

  it('is a list of problems in JSON', async () => {
    await using files = await workspace({ 'broker.yaml': 'listen: nowhere\n' });

    const { code, stdout } = await files.fairlead(['check', '--config', files.config, '--format', 'json']);

    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ line: 1, column: 9, path: 'listen' })]),
    });
  });
});
