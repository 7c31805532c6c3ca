import { deadlineIn } from '../../src/core/deadline.ts';
import { mkdtempDisposable, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BackendDeps } from '../../src/backends/backend.ts';
import { FilePath } from '../../src/backends/fields.ts';
import { hashPassword, verifyPassword } from '../../src/backends/password-hash.ts';
import { openStaticFile } from '../../src/backends/static-file/authenticator.ts';
import type { StaticFileConfig } from '../../src/backends/static-file/config.ts';
import { staticFile } from '../../src/backends/static-file/index.ts';
import { groupName } from '../../src/core/groups.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { createSecretMarks } from '../../src/platform/secret-marks.ts';
import { identityOf } from '../support/ldap-backend.ts';
import { authenticatorContract } from '../contract/authenticator.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { findPart } from '../support/parts.ts';
import { runOk } from '../support/process.ts';

const htpasswd = findPart({ program: 'htpasswd', debian: 'apache2-utils' });
const python = findPart({ program: 'python3' });

const ALICE = { username: 'alice', password: 'correct-horse-alice' };
const BOB = { username: 'bob', password: 'battery-staple-bob' };

const folderFor = () => mkdtempDisposable(join(tmpdir(), 'fairlead-static-'));

function deps(): BackendDeps & { readonly log: ReturnType<typeof recordingLog> } {
  return {
    clock: realClock,
    log: recordingLog(),
    secret: ({ source }) => ({
      read: async () => {
        if ('file' in source) return new Secret(await readFile(source.file, 'utf8'));
        throw new Error(`${source.env} is not set`);
      },
    }),
  };
}

const fromYaml = (file: string): StaticFileConfig => ({
  type: 'static-file',
  name: 'local',
  file: new FilePath(file),
});

const login = (to: Authenticator, username: string, password: string): Promise<AuthnOutcome> =>
  to.authenticate({ username, password: new Secret(password) }, deadlineIn(realClock, 8000));

authenticatorContract('static-file with users.yaml', async (resources) => {
  const folder = resources.use(await folderFor());
  const file = join(folder.path, 'users.yaml');
  await writeFile(
    file,
    `users:
  alice: { password: "${await hashPassword(ALICE.password)}", groups: [team-web, "CN=Auditors,DC=Corp,DC=Example"] }
  bob: { password: "${await hashPassword(BOB.password)}" }
`,
  );
  return {
    create: (given) => staticFile.create(fromYaml(file), { ...deps(), ...given }),
    traits: staticFile.traits(fromYaml(file)),
    known: { ...ALICE, groups: ['team-web', groupName('CN=Auditors,DC=Corp,DC=Example', { lowercase: false })] },
    other: BOB,
    attempts: 'none',
  };
});

authenticatorContract('static-file with plain-text secrets', async (resources) => {
  const folder = resources.use(await folderFor());
  const file = join(folder.path, 'users.yaml');
  await writeFile(join(folder.path, 'alice.secret'), `${ALICE.password}\n`);
  await writeFile(join(folder.path, 'bob.secret'), BOB.password);
  await writeFile(
    file,
    'users: { alice: { password: { file: alice.secret }, groups: [a] }, bob: { password: { file: bob.secret } } }',
  );
  return {
    create: (given) =>
      staticFile.create(fromYaml(file), { ...deps(), markSecret: createSecretMarks(folder.path), ...given }),
    traits: staticFile.traits(fromYaml(file)),
    known: { ...ALICE, groups: ['a'] },
    other: BOB,
    attempts: 'none',
  };
});

describe('a password of more than 72 bytes, of which bcrypt ignores the rest', () => {
  const HASH = '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui';
  const FIRST_72 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

  it('does not log in, and the log names the reason and what to do', async () => {
    await using folder = await folderFor();
    const file = join(folder.path, 'htpasswd');
    await writeFile(file, `ci:${HASH}\n`);
    const config: StaticFileConfig = { type: 'static-file', name: 'local', htpasswd: new FilePath(file) };
    await using backend = await openStaticFile(config, deps());

    const outcomes = [
      await login(backend, 'ci', FIRST_72),
      await login(backend, 'ci', `${FIRST_72}chars`),
      await login(backend, 'ci', 'another password'),
      await login(backend, 'nobody', `${FIRST_72}chars`),
    ];

    expect(outcomes).toMatchObject([{ kind: 'authenticated' }, {}, {}, {}]);
    expect(outcomes.slice(1)).toEqual([
      { kind: 'rejected', reason: 'wrong-password', detail: expect.stringMatching(/72 bytes.*fairlead hash-password/) },
      { kind: 'rejected', reason: 'wrong-password' },
      { kind: 'unknown-user' },
    ]);
  });
});

describe.skipIf(htpasswd === undefined)('files that htpasswd writes', () => {
  authenticatorContract('static-file with htpasswd and htgroup', async (resources) => {
    const folder = resources.use(await folderFor());
    const [users, groups] = [join(folder.path, 'users.htpasswd'), join(folder.path, 'groups')];
    await runOk('htpasswd', ['-cbB', users, ALICE.username, ALICE.password]);
    await runOk('htpasswd', ['-bB', '-C', '8', users, BOB.username, BOB.password]);
    await writeFile(groups, 'web: alice bob\nops: alice\n');
    const config: StaticFileConfig = {
      type: 'static-file',
      name: 'local',
      htpasswd: new FilePath(users),
      htgroup: new FilePath(groups),
    };
    return {
      create: (given) => staticFile.create(config, { ...deps(), ...given }),
      traits: staticFile.traits(config),
      known: { ...ALICE, groups: ['web', 'ops'] },
      other: BOB,
      attempts: 'none',
    };
  });

  it('log in with passwords that are not ASCII', async () => {
    await using folder = await folderFor();
    const file = join(folder.path, 'h');
    await writeFile(file, await runOk('htpasswd', ['-nbB', 'ünal', 'päßwörd-日本']));

    const users = await staticFile.create({ type: 'static-file', name: 'local', htpasswd: new FilePath(file) }, deps());

    expect(await login(users, 'ünal', 'päßwörd-日本')).toMatchObject({ kind: 'authenticated' });
    expect(await login(users, 'ünal', 'passwörd-日本')).toMatchObject({ kind: 'rejected' });
  });

  it.each([
    ['-m', 'an MD5 (apr1) hash'],
    ['-s', 'an unsalted SHA-1 hash'],
    ['-d', 'a DES (crypt) hash or plain text'],
    ['-2', 'a SHA-256 (crypt) hash'],
    ['-5', 'a SHA-512 (crypt) hash'],
    ['-p', 'text that is not a hash'],
  ])('are refused when made with %s, and no hash is repeated', async (flag, found) => {
    await using folder = await folderFor();
    const file = join(folder.path, 'h');
    const line = await runOk('htpasswd', ['-nb', flag, 'alice', 'secret']);
    await writeFile(file, line);

    const opening = staticFile.create({ type: 'static-file', name: 'local', htpasswd: new FilePath(file) }, deps());

    const { message } = await opening.then(
      () => new Error('it was accepted'),
      (error: Error) => error,
    );
    expect(message).toContain(`${file}:1: alice: found ${found}`);
    expect(message).toContain('run `htpasswd -B FILE USER`');
    expect(message).not.toContain(line.trim().slice('alice:'.length));
  });

  it('warns of members of groups who are not users', async () => {
    await using folder = await folderFor();
    const [users, groups] = [join(folder.path, 'h'), join(folder.path, 'g')];
    await writeFile(users, await runOk('htpasswd', ['-nbB', 'alice', 'x']));
    await writeFile(groups, 'web: alice alcie');
    const given = deps();

    await staticFile.create(
      { type: 'static-file', name: 'local', htpasswd: new FilePath(users), htgroup: new FilePath(groups) },
      given,
    );

    expect(given.log.lines).toMatchObject([{ level: 'warn', fields: { members: ['alcie'], count: 1 } }]);
  });
});

describe.skipIf(python === undefined)('hashes that Python makes', () => {
  it.each([
    [
      'scrypt',
      `import hashlib, base64, os, sys
b = lambda x: base64.b64encode(x).decode().rstrip('=')
salt = os.urandom(16)
print('$scrypt$ln=14,r=8,p=2$' + b(salt) + '$' + b(hashlib.scrypt(sys.argv[1].encode(), salt=salt, n=2**14, r=8, p=2, dklen=32)))`,
    ],
  ])('log in: %s', async (_kind, script) => {
    await using folder = await folderFor();
    const file = join(folder.path, 'users.yaml');
    const hash = await runOk('python3', ['-c', script, ALICE.password]);
    await writeFile(file, `users: { alice: { password: "${hash.trim()}" } }`);

    const users = await staticFile.create(fromYaml(file), deps());

    expect(await login(users, 'alice', ALICE.password)).toMatchObject({ kind: 'authenticated' });
    expect(await login(users, 'alice', BOB.password)).toMatchObject({ kind: 'rejected' });
  });
});

describe('reloading', () => {
  it('accepts users that were added, and refuses those that were removed', async () => {
    await using folder = await folderFor();
    const file = join(folder.path, 'users.yaml');
    await writeFile(file, `users: { alice: { password: "${await hashPassword(ALICE.password)}" } }`);
    const users = await staticFile.create(fromYaml(file), deps());
    expect(await login(users, 'alice', ALICE.password)).toMatchObject({ kind: 'authenticated' });

    await writeFile(file, `users: { bob: { password: "${await hashPassword(BOB.password)}" } }`);
    await users.reload?.();

    expect(await login(users, 'bob', BOB.password)).toMatchObject({ kind: 'authenticated' });
    expect(await login(users, 'alice', ALICE.password)).toEqual({ kind: 'unknown-user' });
    expect(users.watches).toEqual([file]);
  });

  it('finds which of its users now have a name, in any case', async () => {
    await using folder = await folderFor();
    const file = join(folder.path, 'users.yaml');
    const password = await hashPassword(ALICE.password);
    const write = (...names: readonly string[]) =>
      writeFile(file, JSON.stringify({ users: Object.fromEntries(names.map((name) => [name, { password }])) }));
    await write('alice', 'Alice', 'BOB');
    const users = await staticFile.create(fromYaml(file), deps());
    const before = ['alice', 'ALICE', 'bob', 'carol'].map((name) => users.usersNamed?.(name));

    await write('carol');
    await users.reload?.();

    expect(before).toEqual([['alice', 'Alice'], ['alice', 'Alice'], ['BOB'], []]);
    expect(['alice', 'carol'].map((name) => users.usersNamed?.(name))).toEqual([[], ['carol']]);
  });

  it('finds an account again until it gets another password', async () => {
    await using folder = await folderFor();
    const file = join(folder.path, 'users.yaml');
    const [first, second] = [await hashPassword(ALICE.password), await hashPassword(ALICE.password)];
    const write = (hash: string, groups: string) =>
      writeFile(file, `users: { alice: { password: "${hash}", groups: [${groups}] } }`);
    await write(first, 'team-web');
    const users = await staticFile.create(fromYaml(file), deps());
    const { subject = '' } = await identityOf(users, ALICE);
    const again = () => users.revalidate?.({ login: 'alice', subject }, deadlineIn(realClock, 8000));

    await write(first, 'team-api');
    await users.reload?.();
    const regrouped = await again();
    await write(second, 'team-web');
    await users.reload?.();

    expect(regrouped).toMatchObject({ kind: 'authenticated', identity: { groups: new Set(['team-api']) } });
    expect(await again()).toEqual({ kind: 'unknown-user' });
    expect(subject).not.toContain(first);
  });

  it.each([
    ['is damaged', (file: string) => writeFile(file, 'users: { alice: { password: nothing }, bob: 1 }')],
    ['is empty', (file: string) => writeFile(file, '')],
    ['is not UTF-8', (file: string) => writeFile(file, Buffer.from([0xff, 0xfe, 0x00]))],
    ['has gone', (file: string) => rm(file)],
  ])('keeps the last good users when the file %s', async (_what, spoil) => {
    await using folder = await folderFor();
    const file = join(folder.path, 'users.yaml');
    await writeFile(file, `users: { alice: { password: "${await hashPassword(ALICE.password)}" } }`);
    const users = await staticFile.create(fromYaml(file), deps());

    await spoil(file);

    await expect(users.reload?.()).rejects.toThrow(file);
    expect(await login(users, 'alice', ALICE.password)).toMatchObject({ kind: 'authenticated' });
  });

  it('reports the problems of htpasswd and htgroup together', async () => {
    await using folder = await folderFor();
    const [users, groups] = [join(folder.path, 'h'), join(folder.path, 'g')];
    await writeFile(users, 'alice\n');
    await writeFile(groups, 'web\n');

    const opening = staticFile.create(
      { type: 'static-file', name: 'local', htpasswd: new FilePath(users), htgroup: new FilePath(groups) },
      deps(),
    );

    await expect(opening).rejects.toMatchObject({
      problems: [expect.stringContaining(`${users}:1: `), expect.stringContaining(`${groups}:1: `)],
    });
  });
});

describe('plain-text secrets', () => {
  it('are those of the file as it is now, and an outage when it has gone', async () => {
    await using folder = await folderFor();
    const [file, secret] = [join(folder.path, 'users.yaml'), join(folder.path, 'secret')];
    await writeFile(secret, 'first\n');
    await writeFile(file, 'users: { bot: { password: { file: secret } } }');
    const users = await staticFile.create(fromYaml(file), deps());
    expect(await login(users, 'bot', 'first')).toMatchObject({ kind: 'authenticated' });

    await writeFile(secret, 'second\n');
    expect(await login(users, 'bot', 'second')).toMatchObject({ kind: 'authenticated' });
    expect(await login(users, 'bot', 'first')).toMatchObject({ kind: 'rejected' });

    await writeFile(secret, '\n');
    await expect(login(users, 'bot', 'second')).rejects.toMatchObject({ code: 'backend_unavailable' });

    await rm(secret);
    await expect(login(users, 'bot', 'second')).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringContaining(secret),
    });
  });

  it('lose one line break at their end and nothing else', async () => {
    await using folder = await folderFor();
    const file = join(folder.path, 'users.yaml');
    await writeFile(join(folder.path, 'secret'), ' spaced \n\r\n');
    await writeFile(file, 'users: { bot: { password: { file: secret } } }');
    const users = await staticFile.create(fromYaml(file), deps());

    expect(await login(users, 'bot', ' spaced \n')).toMatchObject({ kind: 'authenticated' });
    expect(await login(users, 'bot', ' spaced ')).toMatchObject({ kind: 'rejected' });
    expect(await login(users, 'bot', 'spaced')).toMatchObject({ kind: 'rejected' });
    expect(await login(users, 'bot', '')).toEqual({ kind: 'rejected', reason: 'empty-password' });
  });

  it('are not compared when the deadline has passed', async () => {
    await using folder = await folderFor();
    const file = join(folder.path, 'users.yaml');
    await writeFile(join(folder.path, 'secret'), 'right');
    await writeFile(file, 'users: { bot: { password: { file: secret } } }');
    const users = await staticFile.create(fromYaml(file), deps());

    const late = users.authenticate({ username: 'bot', password: new Secret('right') }, deadlineIn(realClock, -1));

    await expect(late).rejects.toMatchObject({ code: 'backend_unavailable' });
  });

  it('are a problem with its place when they are missing at the start', async () => {
    await using folder = await folderFor();
    const file = join(folder.path, 'users.yaml');
    await writeFile(file, 'users:\n  a: { password: { file: none } }\n  b: { password: { env: NONE } }\n');

    const opening = staticFile.create(fromYaml(file), deps());

    await expect(opening).rejects.toMatchObject({
      problems: [
        expect.stringContaining(`${file}:2:18: users.a.password: found no secret, expected a file with a secret at`),
        expect.stringContaining(`${file}:3:18: users.b.password: found no secret, expected a secret in $NONE`),
      ],
    });
  });
});

describe('a user whose password is a file', () => {
  it('is another account after the secret changes, and the same after a restart', async () => {
    await using folder = await folderFor();
    const secret = join(folder.path, 'bot.secret');
    await writeFile(join(folder.path, 'users.yaml'), `users: { bot: { password: { file: ${secret} } } }`);
    await writeFile(secret, 'plain-secret-1\n');
    const open = () =>
      openStaticFile(fromYaml(join(folder.path, 'users.yaml')), {
        ...deps(),
        markSecret: createSecretMarks(folder.path),
      });
    const users = await open();
    const { subject = '' } = await identityOf(users, { username: 'bot', password: 'plain-secret-1' });
    const again = async (to: Authenticator) =>
      (await to.revalidate?.({ login: 'bot', subject }, deadlineIn(realClock, 8000)))?.kind;

    expect(subject).not.toContain('plain-secret-1');
    expect(await users.lookup?.('bot', deadlineIn(realClock, 8000))).toMatchObject({ username: 'bot', subject });
    expect([await again(users), await again(await open())]).toEqual(['authenticated', 'authenticated']);

    await writeFile(secret, 'plain-secret-2\n');
    expect([await again(users), await again(await open())]).toEqual(['unknown-user', 'unknown-user']);

    await writeFile(secret, 'plain-secret-1\n');
    expect(await again(users)).toBe('authenticated');

    await rm(secret);
    await expect(again(users)).rejects.toMatchObject({ code: 'backend_unavailable' });
  });

  it('gets no refresh token where the secret cannot be recognised after a restart', async () => {
    await using folder = await folderFor();
    await writeFile(join(folder.path, 'bot.secret'), 'plain-secret-1');
    await writeFile(join(folder.path, 'users.yaml'), 'users: { bot: { password: { file: bot.secret } } }');
    const users = await openStaticFile(fromYaml(join(folder.path, 'users.yaml')), deps());

    const identity = await identityOf(users, { username: 'bot', password: 'plain-secret-1' });

    expect(identity.subject).toBeUndefined();
  });
});

describe('the work of a refusal', () => {
  it('is one hash of the commonest cost for an unknown user, as for each wrong password', async () => {
    await using folder = await folderFor();
    const file = join(folder.path, 'users.yaml');
    const rare = '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
    const [first, second] = [await hashPassword(ALICE.password), await hashPassword(BOB.password)];
    const secret = join(folder.path, 'bot.secret');
    await writeFile(secret, 'plain-secret-1');
    await writeFile(
      file,
      `users: { bot: { password: { file: ${secret} } }, rare: { password: "${rare}" }, alice: { password: "${first}" }, bob: { password: "${second}" } }`,
    );
    const costs: string[] = [];
    const names: unknown[] = [];
    const users = await openStaticFile(fromYaml(file), deps(), (password, hash, options) => {
      costs.push(hash.cost);
      names.push(options?.username);
      return verifyPassword(password, hash, options);
    });

    await login(users, 'alice', 'wrong');
    await login(users, 'nobody', 'wrong');
    await login(users, `${'n'.repeat(300)}\0`, 'wrong');
    await login(users, 'bot', 'wrong');
    const right = await identityOf(users, { username: 'bot', password: 'plain-secret-1' });

    const cost = '$argon2id$v=19$m=19456,t=2,p=1';
    expect(costs).toEqual([cost, cost, cost, cost]);
    // The queue sees each name as it was typed, and waits for all of them by one rule.
    expect(names).toEqual(['alice', 'nobody', `${'n'.repeat(300)}\0`, 'bot']);
    expect(right.username).toBe('bot');
  });
});

describe('the configuration', () => {
  const base = { type: 'static-file', name: 'local' };

  it.each([
    [base, 'expected one of file and htpasswd, found none'],
    [{ ...base, file: 'a', htpasswd: 'b' }, 'expected one of file and htpasswd, found both'],
    [{ ...base, file: 'a', htgroup: 'b' }, 'expected only with htpasswd'],
    [{ ...base, file: 'a', flie: 'b' }, 'Unrecognized key'],
  ])('refuses %j', (config, problem) => {
    expect(staticFile.schema.safeParse(config).error?.message).toContain(problem);
  });

  it.each([{ file: 'a' }, { htpasswd: 'a' }, { htpasswd: 'a', htgroup: 'b' }])('accepts %j', (files) => {
    expect(staticFile.schema.safeParse({ ...base, ...files }).success).toBe(true);
  });
});
