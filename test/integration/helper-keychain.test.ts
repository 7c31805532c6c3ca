/** The credential helper with a real store for secrets: `pass`, which encrypts by GnuPG. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityToken, openHome, REGISTRY, TOKEN } from '../support/helper-host.ts';
import type { HelperHome } from '../support/helper-host.ts';
import { findPart } from '../support/parts.ts';
import { run, runOk } from '../support/process.ts';

const PARTS = [
  { program: 'docker-credential-pass', debian: 'golang-docker-credential-helpers' },
  { program: 'pass', debian: 'pass' },
  { program: 'gpg', debian: 'gnupg' },
];
const canRun = PARTS.map((part) => findPart(part) !== undefined).every(Boolean);

describe.skipIf(!canRun)('the credential helper with `pass`', () => {
  let home: HelperHome;

  beforeAll(async () => {
    home = await openHome();
    const { env } = home;
    env['GNUPGHOME'] = join(home.home, 'gnupg');
    await mkdir(env['GNUPGHOME'], { mode: 0o700 });
    await runOk('gpg', ['--batch', '--passphrase', '', '--quick-gen-key', 'alice', 'default', 'default', 'never'], {
      env,
    });
    await runOk('pass', ['init', 'alice'], { env });
  });
  afterAll(async () => {
    await run('gpgconf', ['--kill', 'gpg-agent'], { env: home.env });
    await home[Symbol.asyncDispose]();
  });

  it('keeps the login encrypted, and in no file of its own', async () => {
    expect(await home.run(['store'], identityToken())).toEqual({ code: 0, stdout: '', stderr: '' });

    const { stdout, stderr } = await home.run(['get'], REGISTRY);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ ServerURL: REGISTRY, Username: '<token>', Secret: TOKEN });
    expect(await filesWith(TOKEN)).toEqual([]);
    expect(JSON.parse((await home.run(['list'])).stdout)).toEqual({ [REGISTRY]: '<token>' });
  });

  it('has no login after two erasures, of which both succeed', async () => {
    const codes = [await home.run(['erase'], REGISTRY), await home.run(['erase'], REGISTRY)].map(({ code }) => code);

    expect(codes).toEqual([0, 0]);
    expect(await home.run(['get'], REGISTRY)).toEqual({
      code: 1,
      stdout: 'credentials not found in native keychain\n',
      stderr: expect.stringContaining(`there is no login at ${REGISTRY}; run: `),
    });
  });

  async function filesWith(text: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (const entry of await readdir(home.home, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && (await readFile(path, 'latin1')).includes(text)) found.push(relative(home.home, path));
    }
    return found;
  }
});
