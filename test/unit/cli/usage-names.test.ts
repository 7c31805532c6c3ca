/** Questions that can have no answer are refused, instead of being answered. */
import { describe, expect, it } from 'vitest';
import { commands, fairlead, POLICY, workspace } from './workspace.ts';

describe('a question that no request can ask', () => {
  it.each([
    [
      ['explain', '--scope', 'repository:web/shop:pul'],
      '"pul" is not an action; expected one of pull, push, delete, *; did you mean "pull"?',
    ],
    [['explain', '--scope', 'repository:web/shop:fetch'], '"fetch" is not an action; expected one of pull, push'],
    [
      ['explain', '--scope', 'repository:Web/shop:pull'],
      '"Web/shop" is not a repository name; expected one such as web/shop',
    ],
    [['explain', '--scope', 'repository:a:pull', '--client', 'abc'], '--client abc: expected an address'],
    [['explain', '--scope', 'repository:a:pull', '--client', '10.0.0.0/8'], '--client 10.0.0.0/8: expected an address'],
    [
      ['who-can', 'pul', 'web/shop'],
      '"pul" is not an action; expected one of pull, push, delete, *; did you mean "pull"?',
    ],
    [['who-can', 'own', 'web/shop'], '"own" is not an action; expected one of pull, push, delete, *'],
    [['who-can', 'push', '*'], '"*" is a pattern; expected the name of one repository, such as web/shop'],
    [['who-can', 'push', 'web/**'], '"web/**" is a pattern; expected the name of one repository'],
    [['who-can', 'push', '{team}/shop'], '"{team}/shop" is a pattern; expected the name of one repository'],
    [['explain', '--scope', 'repository:web/*:pull'], '"web/*" is a pattern; expected the name of one repository'],
    [['who-can', 'pull', 'Web/shop'], '"Web/shop" is not a repository name; expected one such as web/shop'],
    [['who-can', 'pull', 'web/shop', '--client', 'abc'], '--client abc: expected an address'],
  ])('fairlead %j exits with 2', async (args, message) => {
    await using files = await workspace();

    const { code, stderr } = await files.fairlead([...args, '--config', files.config]);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it.each([
    'registry:catalog:*',
    'repository::pull',
    'repository:localhost:5000/web:pull,push,delete,*',
    'other:Name:use',
  ])('is not %s', async (scope) => {
    await using files = await workspace();

    expect((await files.fairlead(['explain', '--scope', scope, '--config', files.config])).code).not.toBe(2);
  });

  it('is refused in a policy test, too, where it would pass without a meaning', async () => {
    const policy = POLICY.replace('web/a:pull,push", expect: [pull, push]', 'web/a:pul", expect: []');
    await using files = await workspace({ 'policy.yaml': policy });

    const { code, stderr } = await files.fairlead(['test', '--config', files.config]);

    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^policy\.yaml:7:\d+: tests\.0\.scope: "pul" is not an action; expected one of .*; did you mean "pull"\?/,
    );
  });
});

describe('the configuration of a command', () => {
  it('is an option of the commands that use it', async () => {
    const without = (await commands()).filter(({ isLeaf, options }) => isLeaf && !options.includes('--config'));
    expect(without.map(({ name }) => name)).toEqual(expect.arrayContaining(['keygen', 'hash-password', 'schema']));
  });

  it('is named by FAIRLEAD_CONFIG, and by --config before it', async () => {
    await using files = await workspace();
    process.env['FAIRLEAD_CONFIG'] = files.config;
    try {
      expect((await files.fairlead(['test'])).code).toBe(0);
      expect((await files.fairlead(['test', '--config', files.path('none.yaml')])).code).toBe(2);
    } finally {
      delete process.env['FAIRLEAD_CONFIG'];
    }
  });

  it('is asked for where the default is not there', async () => {
    await using files = await workspace();
    const before = process.cwd();
    process.chdir(files.folder);
    try {
      const { code, stderr } = await fairlead(['test']);

      expect(code).toBe(2);
      expect(stderr).toContain('config/broker.yaml: cannot be read (no such file)');
      expect(stderr).toContain('name the configuration with --config FILE or the variable FAIRLEAD_CONFIG');
    } finally {
      process.chdir(before);
    }
  });
});
