/** `fairlead init` without a terminal. */
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runOk } from '../../../support/process.ts';
import { writtenFiles } from '../../config/written-files.ts';
import type { WrittenFiles } from '../../config/written-files.ts';
import { fairlead } from '../workspace.ts';

const PASSWORD = 'a-password-of-carol-7';
const REGISTRY = ['--registry', 'localhost:5000', '--public-url', 'http://localhost:5001'];
const FILE = [...REGISTRY, '--source', 'file', '--user', 'carol', '--group', '*'];
const LDAP = [...REGISTRY, '--source', 'ldap', '--group', 'team-{team}'];

function init(files: WrittenFiles, args: readonly string[], stdin = '') {
  return fairlead(['init', '--out', files.path('mine'), ...args], stdin);
}

describe('fairlead init without a terminal', () => {
  it.each([
    [
      'the registry and the source',
      [],
      ['--registry <name>', '--public-url <url>', '--source <kind>', '--group <name>'],
    ],
    [
      'those of a directory',
      ['--source', 'ldap', '--registry', 'localhost:5000'],
      ['--public-url <url>', '--url <url>', '--bind-dn <dn>', '--bind-password-file, -env or -stdin', '--group <name>'],
    ],
    ['no password where searches are anonymous', [...LDAP, '--bind-dn', 'none'], ['--url <url>']],
    [
      'those of an OpenID provider',
      [...REGISTRY, '--source', 'openid'],
      ['--issuer <url>', '--client-id <id>', '--client-secret-file, -env or -stdin', '--group <name>'],
    ],
    ['those of a file', FILE, ['--user-password-file, -env or -stdin']],
  ])('exits with 2 and lists the missing flags: %s', async (_what, args, missing) => {
    await using files = await writtenFiles();

    const { code, stdout, stderr } = await init(files, args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect([...stderr.matchAll(/^ {2}(--.+?) {2}/gm)].map(([, flag]) => flag?.trim() ?? '')).toEqual(missing);
    expect(await readdir(files.folder)).toEqual([]);
  });

  it.each([
    ['standard input', ['--user-password-stdin'], `${PASSWORD}\n`],
    ['a file', ['--user-password-file', 'PASSWORD_FILE'], ''],
    ['a variable', ['--user-password-env', 'INIT_TEST_PASSWORD'], ''],
  ])('takes the password from %s, and the other answers from flags', async (_what, flags, stdin) => {
    await using files = await writtenFiles({ password: `${PASSWORD}\n` });
    process.env['INIT_TEST_PASSWORD'] = PASSWORD;
    try {
      const args = flags.map((flag) => (flag === 'PASSWORD_FILE' ? files.path('password') : flag));
      const { code, stdout, stderr } = await init(files, [...FILE, ...args], stdin);

      expect(code, stderr).toBe(0);
      expect(stdout + stderr).not.toContain(PASSWORD);
      expect(await readFile(files.path('mine/users.yaml'), 'utf8')).toMatch(
        /^users:\n {2}carol:\n {4}password: \$argon2id/,
      );
    } finally {
      delete process.env['INIT_TEST_PASSWORD'];
    }
  });

  it.each([
    [
      'two sources of one password',
      [...FILE, '--user-password-stdin', '--user-password-env', 'HOME'],
      'expected one of --user-password-file',
    ],
    [
      'a password file that does not exist',
      [...FILE, '--user-password-file', '/nonexistent'],
      'the secret file /nonexistent cannot be read',
    ],
    [
      'an answer that is not valid',
      [...FILE, '--user-password-stdin', '--namespace', '{team}'],
      '--namespace: expected no {team}',
    ],
    [
      'a source that does not exist',
      [...REGISTRY, '--group', '*', '--source', 'database'],
      '--source: expected one of ldap, openid, file',
    ],
    [
      'a public address without TLS',
      [...FILE, '--user-password-stdin', '--public-url', 'http://auth.example.com'],
      '--public-url: expected https://',
    ],
  ])('exits with 2 and writes nothing for %s', async (_what, args, expected) => {
    await using files = await writtenFiles();

    const { code, stderr } = await init(files, args, `${PASSWORD}\n`);

    expect(code).toBe(2);
    expect(stderr).toContain(expected);
    expect(await readdir(files.folder)).toEqual([]);
  });

  it('exits with 2 when standard input has no password', async () => {
    await using files = await writtenFiles();

    const { code, stderr } = await init(files, [...FILE, '--user-password-stdin']);

    expect(code).toBe(2);
    expect(stderr).toContain('standard input has no password: expected it on the first line');
  });

  it('prints commands that a shell reads as they are meant', async () => {
    await using files = await writtenFiles();
    const out = files.path("my files/o'clock");

    const { stdout } = await fairlead(['init', '--out', out, ...FILE, '--user-password-stdin'], `${PASSWORD}\n`);

    const [, word = ''] = /--config (.*)\n/.exec(stdout) ?? [];
    expect(await runOk('sh', ['-c', `printf %s ${word}`])).toBe(`${out}/broker.yaml`);
  });

  it('has no flag for a password itself', async () => {
    const { stdout } = await fairlead(['init', '--help']);

    const passwords = [...stdout.matchAll(/--[a-z-]*(?:password|secret)[a-z-]*/g)].map(([flag]) => flag);
    expect(passwords.length).toBeGreaterThan(0);
    expect(passwords.filter((flag) => !/-(?:file|env|stdin)$/.test(flag))).toEqual([]);
  });

  it('exits with 1 and writes nothing when the directory does not answer', async () => {
    await using files = await writtenFiles();
    const account = ['--bind-dn', 'cn=reader,dc=example,dc=org', '--bind-password-stdin'];

    const { code, stderr } = await init(
      files,
      [...LDAP, '--url', 'ldap://127.0.0.1:1', ...account],
      'secret-of-reader\n',
    );

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^fairlead: nothing was written: ldap:\/\/127\.0\.0\.1:1: cannot connect .*nothing listens there/m,
    );
    expect(await readdir(files.folder)).toEqual([]);
  });

  it('exits with 1 and writes nothing when the broker could not start with the files', async () => {
    await using files = await writtenFiles();
    const listen = `unix:${files.path('nowhere/broker.sock')}`;

    const { code, stderr } = await init(files, [...FILE, '--user-password-stdin', '--listen', listen], `${PASSWORD}\n`);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^fairlead: nothing was written: fairlead check does not accept these answers:$/m);
    expect(stderr).toContain(`FAILED: listen: the folder ${files.path('nowhere')} cannot be written`);
    expect(stderr).toContain(`\n${files.path('mine/broker.yaml')}: 1 service, 1 backend\n`);
    expect(stderr).not.toContain('.fairlead-init');
    expect(await readdir(files.folder)).toEqual([]);
  });

  it('does not replace files without --force', async () => {
    await using files = await writtenFiles({ 'mine/broker.yaml': 'kept' });
    const args = [...FILE, '--user-password-stdin'];

    const refused = await init(files, args, `${PASSWORD}\n`);
    const kept = await readFile(files.path('mine/broker.yaml'), 'utf8');
    const forced = await init(files, [...args, '--force'], `${PASSWORD}\n`);

    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('exist already; nothing was written') });
    expect(kept).toBe('kept');
    expect(forced.code).toBe(0);
    expect(await readFile(files.path('mine/broker.yaml'), 'utf8')).toContain('publicUrl');
  });

  it('prints the files with --dry-run, without secrets, and writes nothing', async () => {
    await using files = await writtenFiles();

    const { code, stdout } = await init(files, [...FILE, '--user-password-stdin', '--dry-run'], `${PASSWORD}\n`);

    expect(code).toBe(0);
    expect(stdout).toMatch(
      /# .*mine\/broker\.yaml\nlisten: [^]*# .*mine\/policy\.yaml\n[^]*# .*mine\/users\.yaml\n\(not shown\)/,
    );
    expect(stdout).not.toContain('argon2id');
    expect(await readdir(files.folder)).toEqual([]);
  });

  it('prints the result as JSON', async () => {
    await using files = await writtenFiles();

    const { stdout } = await init(files, [...FILE, '--user-password-stdin', '--format', 'json'], `${PASSWORD}\n`);

    expect(JSON.parse(stdout)).toMatchObject({
      files: ['broker.yaml', 'policy.yaml', 'users.yaml'].map((name) => files.path(`mine/${name}`)),
      registry: { text: expect.stringContaining('realm: "http://localhost:5001/token"') },
    });
  });
});
