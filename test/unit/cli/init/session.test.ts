/** `fairlead init` at a terminal, with accounts in a file. The other sources need a server. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadBroker } from '../../../../src/config/load.ts';
import { writtenFiles } from '../../config/written-files.ts';
import type { WrittenFiles } from '../../config/written-files.ts';
import { typedSession } from './typed-session.ts';

const PASSWORD = 'a-password-of-carol-7';
/** The answers to all questions, the folder first. */
const REGISTRY = ['registry.example.com', 'zot', 'https://auth.example.com'];
const USER = ['file', 'carol', PASSWORD, PASSWORD, 'team-web, staff'];
const POLICY = ['', '', ''];
/** The same answers up to the password. */
const FLAGS = '--registry localhost:5000 --for zot --public-url http://localhost:5001 --source file --user carol'.split(
  ' ',
);

function init(files: WrittenFiles, answers: readonly string[], ...flags: readonly string[]) {
  return typedSession(['init', '--out', files.path('mine'), ...flags], answers);
}

describe('fairlead init at a terminal', () => {
  it('writes files that serve the registry, with the password as a hash that only the owner reads', async () => {
    await using files = await writtenFiles();

    const { code, stderr } = await init(files, [...REGISTRY, ...USER, ...POLICY]);

    expect(code, stderr).toBe(0);
    expect((await readdir(files.path('mine'))).toSorted()).toEqual(['broker.yaml', 'policy.yaml', 'users.yaml']);
    const { config } = await loadBroker(files.path('mine/broker.yaml'));
    expect(config).toMatchObject({ publicUrl: 'https://auth.example.com', listen: { host: '127.0.0.1', port: 5001 } });
    expect(Object.keys(config.services)).toEqual(['registry.example.com']);
    const users = await readFile(files.path('mine/users.yaml'), 'utf8');
    expect(parse(users)).toMatchObject({
      users: { carol: { password: expect.stringMatching(/^\$argon2id\$/), groups: ['team-web', 'staff'] } },
    });
    expect((await stat(files.path('mine/users.yaml'))).mode & 0o777).toBe(0o600);
  });

  it('prints the block of the registry and the next commands', async () => {
    await using files = await writtenFiles();

    const { stdout } = await init(files, [...REGISTRY, ...USER, ...POLICY]);

    expect(stdout).toContain(`fairlead serve --config ${files.path('mine/broker.yaml')}\n`);
    expect(stdout).toContain('"realm": "https://auth.example.com/token"');
    expect(stdout).toContain('put a reverse proxy for https://auth.example.com in front of it');
    expect(stdout).toMatch(/docker login registry\.example\.com --username carol\n$/);
  });

  it('never shows a password', async () => {
    await using files = await writtenFiles();

    const { stdout, stderr } = await init(files, [...REGISTRY, ...USER, ...POLICY]);

    expect(stderr).toContain('Password of that user');
    expect(stdout + stderr).not.toContain(PASSWORD);
  });

  it('does not show a password that is pasted together with the answer before it', async () => {
    await using files = await writtenFiles();
    const pasted = ['carol', PASSWORD, PASSWORD, 'team-web'].join('\r');

    const { code, stdout, stderr } = await init(files, [...REGISTRY, 'file', pasted, ...POLICY]);

    expect(code, stderr).toBe(0);
    expect(stdout + stderr).not.toContain(PASSWORD);
    expect(stderr).toMatch(/^User: carol$/m);
    expect(stderr).toMatch(/^Groups of that user \(empty: none\): team-web$/m);
  });

  it('explains a question for the answer ? and asks it again', async () => {
    await using files = await writtenFiles();

    const { code, stderr } = await init(files, ['?', ...REGISTRY, 'file', 'carol', '?', ...USER.slice(2), ...POLICY]);

    expect(code).toBe(0);
    expect(stderr).toMatch(
      /Registry \[localhost:5000\]: \?\n {2}In "docker push .*\n.*\nRegistry \[localhost:5000\]: /,
    );
    expect(stderr).toContain('Its argon2id hash is stored.');
  });

  it.each([
    ['a registry with https://', ['https://registry.example.com'], 'expected HOST or HOST:PORT without https://'],
    ['a program of the registry that it does not know', ['r.example.com', 'harbor'], 'expected one of distribution-2'],
    ['a beginning that fits several programs', ['r.example.com', 'dist'], 'expected one of distribution-2'],
    ['a public address without TLS', ['r.example.com', 'zot', 'http://auth.example.com'], 'expected https://'],
    ['no public address', ['r.example.com', 'zot', ''], 'expected an answer'],
    ['a source that it does not know', [...REGISTRY, 'database'], 'expected one of ldap, openid, file'],
    ['a user name with a colon', [...REGISTRY, 'file', 'a:b'], 'found a name with a colon'],
    ['an empty password', [...REGISTRY, 'file', 'carol', ''], 'expected a password'],
    ['two different passwords', [...REGISTRY, 'file', 'carol', 'one', 'two'], 'the two passwords differ'],
    ['a group pattern that is not closed', [...REGISTRY, ...USER, 'team-{team'], 'the name has a brace'],
    ['a namespace that is no path', [...REGISTRY, ...USER, '', 'Web//x'], 'the namespace '],
    ['a placeholder that the group lacks', [...REGISTRY, ...USER, 'staff', '{team}'], 'expected no {team}'],
  ])('says what to do for %s, and asks again', async (_what, answers, expected) => {
    await using files = await writtenFiles();

    // After these answers Ctrl-C is pressed at the question that is asked again.
    const { code, stderr } = await init(files, answers);

    expect(code).toBe(2);
    expect(stderr).toContain(`\n  ${expected}`);
    expect(stderr).toContain('fairlead: nothing was written: interrupted\n');
    expect(await readdir(files.folder)).toEqual([]);
  });

  it('takes what flags give without asking', async () => {
    await using files = await writtenFiles();

    const { code, stderr } = await init(files, [PASSWORD, PASSWORD, ...POLICY], ...FLAGS, '--user-groups=');

    expect(code).toBe(0);
    const prompts = ['Registry', 'Program of the registry', 'Public address', 'Source of accounts', 'User', 'Group'];
    const asked = prompts.filter((prompt) => new RegExp(`^${prompt}\\b.*: `, 'm').test(stderr));
    expect(asked).toEqual(['Group']);
  });
});

describe('fairlead init where files exist already', () => {
  it('asks before it replaces them, and keeps them by default', async () => {
    await using files = await writtenFiles({ 'mine/policy.yaml': 'kept' });

    const { code, stderr } = await init(files, [...REGISTRY, 'file', '']);

    expect(code).toBe(2);
    expect(stderr).toContain(`These files exist already: ${files.path('mine/policy.yaml')}.`);
    expect(stderr).toContain('nothing was written: choose another --out, or replace them with --force');
    expect(await readFile(files.path('mine/policy.yaml'), 'utf8')).toBe('kept');
  });

  it('replaces them after the answer yes', async () => {
    await using files = await writtenFiles({ 'mine/policy.yaml': 'old' });

    const { code } = await init(files, [...REGISTRY, 'file', 'yes', ...USER.slice(1), ...POLICY]);

    expect(code).toBe(0);
    expect(await readFile(files.path('mine/policy.yaml'), 'utf8')).toMatch(/^# What no rule allows/);
  });
});
