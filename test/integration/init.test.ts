/** What `fairlead init` finds out from a real directory and a real OpenID provider. */
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import { noteSecret, secretsIn } from '../support/secrets.ts';
import { GROUPS_DN, PEOPLE, PEOPLE_DN, SERVICE } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { typedSession } from '../unit/cli/init/typed-session.ts';
import { fairlead } from '../unit/cli/workspace.ts';
import type { CommandResult } from '../unit/cli/workspace.ts';
import { writtenFiles } from '../unit/config/written-files.ts';
import type { WrittenFiles } from '../unit/config/written-files.ts';

const REGISTRY = ['--registry', 'localhost:5000', '--public-url', 'http://localhost:5001'];

async function backendIn(files: WrittenFiles): Promise<unknown> {
  const text = await readFile(files.path('mine/broker.yaml'), 'utf8');
  return (parse(text) as { readonly backends: readonly unknown[] }).backends[0];
}

describe.skipIf(!canRunSlapd())('fairlead init with a directory', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ tls: true });
    for (const secret of [SERVICE.password, PEOPLE.alice.password]) noteSecret(secret);
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  /** @param flags those that differ from a correct set */
  async function init(
    files: WrittenFiles,
    flags: Readonly<Record<string, string>>,
    more: readonly string[] = [],
  ): Promise<CommandResult> {
    const all = {
      '--url': slapd.ldapsUrl ?? '',
      '--ca-file': slapd.caFile ?? '',
      '--bind-dn': SERVICE.dn,
      '--bind-password-file': await files.write('bind', SERVICE.password),
      '--trial-user': 'alice',
      '--trial-password-file': await files.write('trial', PEOPLE.alice.password),
      '--group': 'team-{team}',
      ...flags,
    };
    const given = Object.entries(all).filter(([, value]) => value !== '');
    const args = ['--out', files.path('mine'), ...REGISTRY, '--source', 'ldap', ...given.flat(), ...more];
    const result = await fairlead(['init', ...args], `${SERVICE.password}\n`);
    expect(secretsIn(result.stdout + result.stderr)).toEqual([]);
    return result;
  }

  it('writes the kind of the directory and its branches, over ldaps with the authority that is given', async () => {
    await using files = await writtenFiles();

    const { code, stderr } = await init(files, {});

    expect(code, stderr).toBe(0);
    expect(await backendIn(files)).toEqual({
      name: 'directory',
      type: 'ldap',
      preset: 'openldap',
      urls: [slapd.ldapsUrl],
      tls: { caFile: slapd.caFile },
      bind: { dn: SERVICE.dn, password: { file: files.path('bind') } },
      users: { base: PEOPLE_DN },
      groups: { base: GROUPS_DN },
    });
    expect(stderr).toContain('authenticates alice');
  });

  it('stores no second copy of a password that is in a file already', async () => {
    await using files = await writtenFiles();

    await init(files, {});

    expect((await readdir(files.path('mine'))).toSorted()).toEqual(['broker.yaml', 'policy.yaml']);
  });

  it('exits with 2 for two passwords from standard input, which has one', async () => {
    await using files = await writtenFiles();
    const flags = { '--bind-password-file': '', '--trial-password-file': '' };

    const { code, stderr } = await init(files, flags, ['--bind-password-stdin', '--trial-password-stdin']);

    expect(code).toBe(2);
    expect(stderr).toContain('expected one flag that ends with -stdin');
  });

  it.each([
    [
      'the authority of the certificate is not trusted',
      { '--ca-file': '' },
      'the certificate is not from a trusted authority',
    ],
    ['the file of authorities does not exist', { '--ca-file': '/nonexistent.pem' }, '/nonexistent.pem: cannot be read'],
    [
      'the certificate has another name',
      { '--tls-server-name': 'other.example.org' },
      'the certificate is for another name',
    ],
    [
      'the service account has another password',
      { '--bind-dn': `cn=nobody,${PEOPLE_DN}` },
      'there is no such account, or the password is wrong',
    ],
    [
      'nobody may search without an account',
      { '--bind-dn': 'none', '--bind-password-file': '' },
      'it does not let anybody search without a bind',
    ],
    ['no user is where users should be', { '--users-base': GROUPS_DN }, `no user under ${GROUPS_DN}`],
    ['no group is where groups should be', { '--groups-base': PEOPLE_DN }, `no group with member`],
    ['the trial login has another user', { '--trial-user': 'bob' }, 'the login of bob does not work'],
  ])('exits with 1 and writes nothing when %s', async (_what, flags: Readonly<Record<string, string>>, expected) => {
    await using files = await writtenFiles();

    const { code, stderr } = await init(files, flags);

    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(expected) });
    expect(stderr).toMatch(/^fairlead: nothing was written: /m);
    expect((await readdir(files.folder)).toSorted()).toEqual(['bind', 'trial']);
  });
});

describe('fairlead init with an OpenID provider', () => {
  it('tests the issuer and the client, and proposes a group of the user who logs in', async () => {
    await using provider = await startOpenIdProvider({ tls: true });
    await using files = await writtenFiles();
    const [alice] = provider.people;
    for (const secret of [provider.clientSecret, alice?.password ?? '']) noteSecret(secret);

    const wrong = [`${provider.issuer}/other`, '', '', 'registry', 'a-secret'];
    const right = [provider.issuer, provider.caFile ?? '', '', provider.clientId, provider.clientSecret];
    const trial = ['alice', 'a-typing-error', 'alice', alice?.password ?? ''];
    const policy = ['', '', ''];

    const { code, stderr } = await typedSession(
      ['init', '--out', files.path('mine'), ...REGISTRY, '--for', 'zot', '--source', 'openid'],
      [...wrong, ...right, ...trial, ...policy],
    );

    expect(code, stderr).toBe(0);
    expect(stderr).toContain('FAILED: ');
    expect(stderr).toContain('Group [team-{team}]: ');
    expect(secretsIn(stderr)).toEqual([]);
    expect(await backendIn(files)).toEqual({
      name: 'sso',
      type: 'oidc-password',
      preset: 'generic',
      issuer: provider.issuer,
      client: { id: provider.clientId, secret: { file: 'client.secret' } },
      caFile: provider.caFile,
    });
    expect(await readFile(files.path('mine/client.secret'), 'utf8')).toBe(`${provider.clientSecret}\n`);
  });
});
