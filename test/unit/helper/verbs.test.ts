/** The protocol that docker, podman and others speak with the credential helper. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityToken, openHome, platformProgram, REGISTRY, TOKEN } from '../../support/helper-host.ts';
import type { HelperHome } from '../../support/helper-host.ts';

const NOT_FOUND = 'credentials not found in native keychain\n';
const noLogin = (registry: string): string =>
  `docker-credential-fairlead: there is no login at ${registry}; run: docker-credential-fairlead login ${registry}\n`;

let home: HelperHome;
beforeEach(async () => {
  home = await openHome();
});
afterEach(() => home[Symbol.asyncDispose]());

const loginsFile = (): string => join(home.state, 'logins.json');

/** Stores a login as `login` does, which knows its end. */
async function storeUntil(endsAt: number): Promise<void> {
  await home.run(['store'], identityToken());
  const { logins } = JSON.parse(await readFile(loginsFile(), 'utf8')) as { logins: Record<string, object> };
  const login = { ...logins[REGISTRY], endsAt };
  await writeFile(loginsFile(), JSON.stringify({ logins: { [REGISTRY]: login } }));
}

describe('the credential helper', () => {
  it('gives docker the identity token that docker has stored, under the name that docker asked for', async () => {
    expect(await home.run(['store'], identityToken())).toEqual({ code: 0, stdout: '', stderr: '' });

    for (const server of [REGISTRY, `https://${REGISTRY}`, `${REGISTRY}/web/shop`, `${REGISTRY}\n`]) {
      const { code, stdout, stderr } = await home.run(['get'], server);
      expect({ code, stderr, credentials: JSON.parse(stdout) as unknown }).toEqual({
        code: 0,
        stderr: '',
        credentials: { ServerURL: server.trim(), Username: '<token>', Secret: TOKEN },
      });
    }
  });

  it.each([`${REGISTRY}:5000`, 'example.com', `a.${REGISTRY}`])(
    'has no credentials for %s when only another registry has a login, and says how to sign in',
    async (server) => {
      await home.run(['store'], identityToken());

      expect(await home.run(['get'], server)).toEqual({ code: 1, stdout: NOT_FOUND, stderr: noLogin(server) });
    },
  );

  it.each(['https://', '../../etc/passwd', '__proto__'])(
    'has no credentials for %s, which is no registry',
    async (server) => {
      await home.run(['store'], identityToken());

      expect(await home.run(['get'], server)).toEqual({ code: 1, stdout: NOT_FOUND, stderr: '' });
    },
  );

  it('says nothing about registries that docker asks it about only because it asks it about all', async () => {
    await mkdir(join(home.home, '.docker'));
    const settings = { credsStore: 'fairlead', credHelpers: { [REGISTRY]: 'fairlead' } };
    await writeFile(join(home.home, '.docker/config.json'), JSON.stringify(settings));

    const lines = [await home.run(['get'], 'https://index.docker.io/v1/'), await home.run(['get'], REGISTRY)];

    expect(lines.map(({ stdout, stderr }) => [stdout, stderr])).toEqual([
      [NOT_FOUND, ''],
      [NOT_FOUND, noLogin(REGISTRY)],
    ]);
  });

  it('answers with the texts that clients compare when the input is incomplete', async () => {
    const answers = await Promise.all([
      home.run(['get'], ''),
      home.run(['erase'], '\n'),
      home.run(['store'], '{"ServerURL":"","Username":"a","Secret":"b"}'),
      home.run(['store'], `{"ServerURL":"${REGISTRY}","Username":"","Secret":"b"}`),
    ]);

    expect(answers.map(({ code, stdout, stderr }) => `${code} ${stdout.trim()}${stderr}`)).toEqual([
      '1 no credentials server URL',
      '1 no credentials server URL',
      '1 no credentials server URL',
      '1 no credentials username',
    ]);
  });

  it('explains an ended login on standard error, where every client shows it, and lets the client go on', async () => {
    await storeUntil(home.now + 1);
    expect((await home.run(['get'], REGISTRY)).code).toBe(0);

    home.now += 1;

    expect(await home.run(['get'], REGISTRY)).toEqual({
      code: 1,
      stdout: NOT_FOUND,
      stderr: `docker-credential-fairlead: the login at ${REGISTRY} has ended; run: docker-credential-fairlead login ${REGISTRY}\n`,
    });
  });

  it('stores no password, and says so where docker shows it', async () => {
    const password = `{"ServerURL":"${REGISTRY}","Username":"alice","Secret":"wonderland"}`;

    const { code, stdout } = await home.run(['store'], password);

    expect([code, stdout]).toEqual([
      1,
      `this helper stores no passwords; run: docker-credential-fairlead login ${REGISTRY}\n`,
    ]);
    expect((await home.run(['get'], REGISTRY)).stdout).toBe(NOT_FOUND);
  });

  it.each([[['store', '--allow-passwords'], {}] as const, [['store'], { FAIRLEAD_ALLOW_PASSWORDS: '1' }] as const])(
    'stores a password when %j with %j allows it',
    async (args, env) => {
      Object.assign(home.env, env);

      await home.run(args, `{"ServerURL":"${REGISTRY}","Username":"alice","Secret":"wonderland"}`);

      expect(JSON.parse((await home.run(['get'], REGISTRY)).stdout)).toMatchObject({ Username: 'alice' });
    },
  );

  it('erases a login twice without an error, because docker asks twice', async () => {
    await home.run(['store'], identityToken());

    const codes = [await home.run(['erase'], REGISTRY), await home.run(['erase'], REGISTRY)].map(({ code }) => code);

    expect(codes).toEqual([0, 0]);
    expect((await home.run(['get'], REGISTRY)).stdout).toBe(NOT_FOUND);
    expect(await readFile(loginsFile(), 'utf8')).not.toContain(TOKEN);
  });

  it('lists the registries that have a login', async () => {
    await home.run(['store'], identityToken());
    await home.run(['store'], identityToken(TOKEN, 'https://localhost:5000/v2/'));

    expect(JSON.parse((await home.run(['list'], 'unused')).stdout)).toEqual({
      [REGISTRY]: '<token>',
      'localhost:5000': '<token>',
    });
  });

  it('loses no login when twenty are stored and read at the same time', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `r${index}.example.com`);

    await Promise.all(names.map((name) => home.run(['store'], identityToken(`${TOKEN}${name}`, name))));
    const read = await Promise.all(names.map((name) => home.run(['get'], name)));

    expect(read.map(({ stdout }) => (JSON.parse(stdout) as { Secret: string }).Secret)).toEqual(
      names.map((name) => `${TOKEN}${name}`),
    );
  });

  it('leaves one file that only its owner may read, and no draft or lock next to it', async () => {
    await home.run(['store'], identityToken());

    expect(await readdir(home.state)).toEqual(['logins.json']);
    expect([(await stat(loginsFile())).mode & 0o777, (await stat(home.state)).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it.each([0o644, 0o640, 0o620, 0o602])('refuses a file of logins with mode %o, and says what to do', async (mode) => {
    await home.run(['store'], identityToken());
    await chmod(loginsFile(), mode);

    const { code, stdout, stderr } = await home.run(['get'], REGISTRY);

    expect([code, stdout]).toEqual([1, NOT_FOUND]);
    expect(stderr).toContain('run chmod 600 on it');
  });

  it('explains a damaged file without printing what is in it', async () => {
    await home.run(['store'], identityToken());
    await writeFile(loginsFile(), `{"logins": "${TOKEN}`);

    const { stdout, stderr } = await home.run(['get'], REGISTRY);

    expect(stdout).toBe(NOT_FOUND);
    expect(stderr).toContain('are not valid JSON');
    expect(stderr).not.toContain(TOKEN);
  });

  describe('with an entry that it cannot read', () => {
    const later = { version: 2, username: '<token>', sealed: 'of a later version' };
    beforeEach(async () => {
      await home.run(['store'], identityToken());
      const document = JSON.parse(await readFile(loginsFile(), 'utf8')) as { logins: object };
      const logins = { ...document.logins, 'later.example.com': later };
      await writeFile(loginsFile(), JSON.stringify({ format: 2, logins }));
    });

    it('keeps it, and all else that it does not know, when it stores and erases other logins', async () => {
      await home.run(['store'], identityToken(TOKEN, 'other.example.com'));
      await home.run(['erase'], REGISTRY);

      expect(JSON.parse(await readFile(loginsFile(), 'utf8'))).toEqual({
        format: 2,
        logins: { 'later.example.com': later, 'other.example.com': { username: '<token>', secret: TOKEN } },
      });
    });

    it('explains it to whoever asks for it, and lists the others', async () => {
      expect(await home.run(['get'], 'later.example.com')).toEqual({
        code: 1,
        stdout: NOT_FOUND,
        stderr: expect.stringContaining('the login at later.example.com cannot be read; run: '),
      });
      expect(JSON.parse((await home.run(['list'])).stdout)).toEqual({ [REGISTRY]: '<token>' });
    });

    it('replaces it by a new login', async () => {
      await home.run(['store'], identityToken(TOKEN, 'later.example.com'));

      expect(JSON.parse((await home.run(['get'], 'later.example.com')).stdout)).toMatchObject({ Secret: TOKEN });
    });

    it('removes it when docker erases it, and says that the server still has it', async () => {
      const { code, stderr } = await home.run(['erase'], 'later.example.com');

      expect([code, stderr]).toEqual([0, expect.stringContaining('not ended at the server: it cannot be read')]);
      expect(await readFile(loginsFile(), 'utf8')).not.toContain('later.example.com');
    });
  });

  it('explains an unknown command, option or number of arguments as wrong usage', async () => {
    const calls = [
      ['gett'],
      ['get', '--force'],
      ['login'],
      ['login', 'a.example', 'b.example'],
      ['kubelet', '--username'],
    ];

    expect((await Promise.all(calls.map((args) => home.run(args)))).map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
  });
});

describe('the store for secrets of the platform', () => {
  const entries = (): string => join(home.home, 'keychain');

  it('has the login, and no file of the helper does', async () => {
    await home.addPass(platformProgram(entries()));

    await home.run(['store'], identityToken());

    expect(JSON.parse((await home.run(['get'], REGISTRY)).stdout)).toMatchObject({ Secret: TOKEN });
    expect(JSON.parse((await home.run(['list'])).stdout)).toEqual({ [REGISTRY]: '<token>' });
    expect(await readdir(entries())).toEqual([encodeURIComponent(`fairlead+https://${REGISTRY}`)]);
    await expect(stat(loginsFile())).rejects.toThrow('ENOENT');
    expect((await home.run(['erase'], REGISTRY)).code).toBe(0);
    expect(await readdir(entries())).toEqual([]);
  });

  it('takes the place of an older login in the file', async () => {
    await home.run(['store'], identityToken('flr_old'));
    await home.addPass(platformProgram(entries()));

    await home.run(['store'], identityToken());

    expect(JSON.parse((await home.run(['get'], REGISTRY)).stdout)).toMatchObject({ Secret: TOKEN });
    expect(await readFile(loginsFile(), 'utf8')).not.toContain('flr_old');
  });

  it('has an entry that is no login, which is explained and can be erased', async () => {
    await home.addPass(platformProgram(entries()));
    const name = `fairlead+https://${REGISTRY}`;
    await mkdir(entries());
    await writeFile(
      join(entries(), encodeURIComponent(name)),
      JSON.stringify({ ServerURL: name, Username: 'a', Secret: 'not of this program' }),
    );

    const { stdout, stderr } = await home.run(['get'], REGISTRY);

    expect([stdout, stderr]).toEqual([NOT_FOUND, expect.stringContaining(`the login at ${REGISTRY} cannot be read`)]);
    expect((await home.run(['erase'], REGISTRY)).code).toBe(0);
    expect(await readdir(entries())).toEqual([]);
  });

  it('gives one reason when it fails, and not that there is no login as well', async () => {
    await home.addPass('#!/bin/sh\necho the store is locked\nexit 1\n');

    const { stdout, stderr } = await home.run(['get'], REGISTRY);

    expect([stdout, stderr]).toEqual([NOT_FOUND, expect.stringMatching(/^.* get failed: the store is locked\n$/)]);
  });

  it('is replaced by the file, with a message, while it cannot store anything', async () => {
    await home.addPass(platformProgram(entries(), 'pass store is uninitialized'));

    const { code, stderr } = await home.run(['store'], identityToken());

    expect([code, stderr]).toEqual([0, expect.stringContaining('pass store is uninitialized')]);
    expect(JSON.parse((await home.run(['get'], REGISTRY)).stdout)).toMatchObject({ Secret: TOKEN });
  });

  it('is not used when the environment asks for the file', async () => {
    await home.addPass(platformProgram(entries()));
    home.env['FAIRLEAD_CREDENTIAL_STORE'] = 'file';

    await home.run(['store'], identityToken());

    expect(await readFile(loginsFile(), 'utf8')).toContain(TOKEN);
  });

  it('is left alone by a user who has not set it up, and nothing is said about it', async () => {
    await home.addProgram('docker-credential-pass', platformProgram(entries(), 'pass store is uninitialized'));
    await home.addProgram('docker-credential-secretservice', platformProgram(entries(), 'no D-Bus'));

    expect(await home.run(['store'], identityToken())).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await readFile(loginsFile(), 'utf8')).toContain(TOKEN);
  });

  it('is not looked for in relative folders of PATH, which belong to whoever owns the working folder', async () => {
    await home.addPass(platformProgram(entries()));
    home.env['PATH'] = `.:bin:${join(home.home, 'none')}`;

    await home.run(['store'], identityToken());

    expect(await readFile(loginsFile(), 'utf8')).toContain(TOKEN);
  });
});
