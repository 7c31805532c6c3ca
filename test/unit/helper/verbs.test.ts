/** The protocol that docker, podman and others speak with the credential helper. */
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityToken, openHome, platformProgram, REGISTRY, TOKEN } from '../../support/helper-host.ts';
import type { HelperHome } from '../../support/helper-host.ts';

const NOT_FOUND = 'credentials not found in native keychain\n';

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

  it.each([`${REGISTRY}:5000`, 'example.com', `a.${REGISTRY}`, 'https://', '../../etc/passwd', '__proto__'])(
    'has no credentials for %s when only another registry has a login',
    async (server) => {
      await home.run(['store'], identityToken());

      expect(await home.run(['get'], server)).toEqual({ code: 1, stdout: NOT_FOUND, stderr: '' });
    },
  );

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

  it('leaves one file that only its owner may read, and no draft or lock beside it', async () => {
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
