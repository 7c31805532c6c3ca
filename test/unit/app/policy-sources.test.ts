/** What the traits of the configured backends let lint say about names in a policy. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listedCallers, listedPasswordFiles } from '../../../src/app/listed-users.ts';
import { policySources } from '../../../src/app/policy-sources.ts';
import { backendConfig } from '../../../src/backends/index.ts';
import { parseNamePattern } from '../../../src/core/policy/name-pattern.ts';
import type { CasePair } from '../../../src/core/policy/who.ts';

const LDAP = { name: 'corp', type: 'ldap', urls: ['ldaps://ldap.example.com'], users: { base: 'ou=people,dc=a' } };
const HTTP = { name: 'accounts', type: 'http', url: 'https://accounts.example.com/login' };
const SSO = { name: 'sso', type: 'oidc-password', issuer: 'https://id.example.com', client: { id: 'registry' } };
const CI = {
  name: 'ci',
  type: 'oidc-token',
  issuer: 'https://ci.example.com',
  audience: 'registry',
  bound: 'everyone',
};

const config = (...backends: readonly object[]) => ({
  backends: backends.map((backend) => backendConfig.parse(backend)),
});

function pair(text: string): CasePair {
  const pattern = parseNamePattern(text);
  if (typeof pattern === 'string') throw new Error(pattern);
  return { exact: pattern, folded: pattern };
}

const USERS = `users:
  alice: { password: { file: secrets/alice }, groups: [team-web] }
  bob: { password: { env: BOB }, groups: [team-api] }
`;

/** The folder of a users file, and a backend over it. */
async function localUsers(text = USERS) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-users-'));
  const file = join(folder.path, 'users.yaml');
  await writeFile(file, text);
  return { ...folder, local: { name: 'local', type: 'static-file', file }, [Symbol.asyncDispose]: folder.remove };
}

describe('the sources of a policy', () => {
  it('are the listed users and groups where all backends list their users', async () => {
    await using folder = await localUsers();

    const { users, groups, canFill } = await policySources(config(folder.local));

    expect([users.canBe(pair('alice')), users.canBe(pair('carol'))]).toEqual([true, false]);
    expect([groups.canBe(pair('team-*')), groups.canBe(pair('team-wbe'))]).toEqual([true, false]);
    expect(groups.like('team-wbe')).toBe('team-web');
    expect([canFill('attr:department'), canFill('claim:tenant')]).toEqual([false, false]);
  });

  it('are any user and group name where a backend cannot list its users', async () => {
    const { users, groups } = await policySources(config(HTTP));

    expect([users.canBe(pair('anybody')), groups.canBe(pair('any-group'))]).toEqual([true, true]);
    expect(groups.canBe(pair('cn=any,dc=b'))).toBe(true);
  });

  it('are groups by DN below the configured base only', async () => {
    const { groups } = await policySources(config({ ...LDAP, groups: { base: 'ou=groups,dc=a' } }));

    expect(groups.canBe(pair('cn=web,ou=groups,dc=a'))).toBe(true);
    expect(groups.canBe(pair('cn=web,ou=people,dc=a'))).toBe(false);
    expect(groups.canBe(pair('web'))).toBe(true);
  });

  it('are no groups where a directory is not asked for them', async () => {
    const { groups } = await policySources(config(LDAP));

    expect(groups.canBe(pair('web'))).toBe(false);
  });

  it.each([
    [{ ...LDAP, attributes: ['Department'] }, ['attr:department'], ['attr:site', 'claim:department']],
    [HTTP, ['attr:department', 'attr:site'], ['claim:department']],
    [SSO, ['claim:department'], ['attr:department']],
    [CI, ['claim:repository'], ['attr:repository']],
  ] as const)('fill the placeholders that a backend delivers: %j', async (backend, filled, unfilled) => {
    const { canFill } = await policySources(config(backend));

    expect(filled.filter((name) => !canFill(name))).toEqual([]);
    expect(unfilled.filter((name) => canFill(name))).toEqual([]);
  });
});

describe('the users that backends list', () => {
  it('are those that the backend is offered, as callers', async () => {
    await using folder = await localUsers();
    const names = async (backend: object) =>
      (await listedCallers(config(backend, SSO))).map((caller) => caller.kind === 'user' && caller.identity.username);

    expect(await names(folder.local)).toEqual(['alice', 'bob']);
    expect(await names({ ...folder.local, usernames: ['a*'] })).toEqual(['alice']);
  });

  it('have their password in a file where the users file says so', async () => {
    await using folder = await localUsers();

    expect(await listedPasswordFiles(config(SSO, folder.local))).toEqual([
      { username: 'alice', path: join(folder.path, 'secrets/alice') },
    ]);
  });

  it('have no password file where the users file cannot be used', async () => {
    await using folder = await localUsers('users: { alice: { password: { file: a }, groups: 7 } }');

    expect(await listedPasswordFiles(config(folder.local))).toEqual([]);
  });
});
