/** The section `console`, and backends whose people sign in with a browser. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBroker } from '../../../src/config/load.ts';
import { problemsOf, writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

let files: WrittenFiles;
beforeAll(async () => {
  files = await writtenFiles({ 'policy.yaml': 'rules: []\n', 'users.yaml': 'users: {}\n' });
});
afterAll(() => files[Symbol.asyncDispose]());

const LOCAL = '{ name: local, type: static-file, file: users.yaml }';
const SSO = 'name: sso, type: oidc-sign-in, issuer: https://id.example.com, client: { id: fairlead }';
const SECRET_SSO =
  'name: sso, type: oidc-sign-in, client: { id: fairlead, secret: { env: PATH } }, issuer: https://id.example.com';

interface Written {
  readonly publicUrl?: string;
  readonly backends?: string;
  readonly more?: string;
}

const write = ({ publicUrl = 'https://auth.example.com', backends = LOCAL, more = '' }: Written): Promise<string> =>
  files.write(
    'broker.yaml',
    `listen: 127.0.0.1:0\npublicUrl: ${publicUrl}\nservices: { registry.example.com: {} }\nbackends: [${backends}]\npolicy: policy.yaml\n${more}\n`,
  );
const load = async (written: Written) => loadBroker(await write(written));
const problems = async (written: Written) => {
  const path = await write(written);
  return problemsOf(files, () => loadBroker(path));
};

describe('console', () => {
  it('is absent by default, and takes eight and twelve hours for sessions', async () => {
    expect((await load({})).config.console).toBeUndefined();
    expect((await load({ more: 'console: {}' })).config.console).toEqual({
      sessions: { idle: 28_800, absolute: 43_200 },
    });
  });

  it.each(['https://auth.example.com', 'http://localhost:5001', 'http://127.0.0.1:5001', 'http://[::1]:5001'])(
    'works at %s',
    async (publicUrl) => {
      expect((await load({ publicUrl, more: 'console: {}' })).config.console).toBeDefined();
    },
  );

  it('is refused over http that leaves this machine', async () => {
    expect(await problems({ publicUrl: 'http://auth.example.com', more: 'console: {}' })).toEqual([
      expect.stringMatching(/^broker\.yaml:6:1: console: found a publicUrl that begins with http, expected https: /),
    ]);
  });

  it('names administrators by users and groups, and never everybody', async () => {
    expect(await problems({ more: 'console: { admins: {} }' })).toEqual([
      expect.stringContaining('expected users or groups, found neither of them'),
    ]);
    expect(await problems({ more: 'console: { admins: { everyone: true } }' })).toEqual([
      expect.stringContaining('console.admins.everyone: unknown key'),
    ]);
    expect(await problems({ more: "console: { admins: { groups: ['{'] } }" })).toEqual([
      expect.stringContaining('has a brace without its partner'),
    ]);
  });
});

describe('the time of a session', () => {
  it.each([
    ['{ idle: 13h }', 1],
    ['{ idle: 12h }', 0],
    ['{ idle: 13h, absolute: 1d }', 0],
    ['{ absolute: 1h }', 1],
  ])('of %s has so many warnings about an idle time without effect: %d', async (sessions, count) => {
    const { warnings } = await load({ more: `console: { sessions: ${sessions} }` });

    expect(warnings).toHaveLength(count);
    expect(warnings.every((text) => text.includes('console.sessions.idle: has no effect'))).toBe(true);
  });
});

describe('a backend for sign-in', () => {
  it('keeps accounts for 30 days after a sign-in, unless something else is configured', async () => {
    const { config, warnings } = await load({ backends: `{ ${SSO} }`, more: 'console: {}' });

    expect(config.backends[0]).toMatchObject({ accounts: { from: 'sign-in', every: 2_592_000 } });
    expect(warnings).toEqual([]);
  });

  it('without a console is reported, because nobody can sign in', async () => {
    const { warnings } = await load({ backends: `${LOCAL}, { ${SSO} }` });

    expect(warnings).toEqual([expect.stringMatching(/backends\.1: has no effect without console/)]);
  });

  it.each([
    [
      'callback',
      '{ name: callback, type: oidc-sign-in, issuer: https://id.example.com, client: { id: a } }',
      'expected another name',
    ],
    [
      'a path',
      `{ ${SSO}, accounts: { from: backend, backend: nowhere } }`,
      'found "nowhere", expected the name of another backend (there is none)',
    ],
    [
      'itself',
      `{ ${SSO}, accounts: { from: backend, backend: sso } }, ${LOCAL}`,
      'expected the name of another backend (local)',
    ],
    [
      'accounts of Graph without its address',
      `{ ${SECRET_SSO}, accounts: { from: graph } }`,
      'expected preset: entra, or claims.graphUrl',
    ],
    [
      'accounts of Graph and groups that it does not have',
      `{ ${SECRET_SSO}, preset: entra, claims: { groups: [groups, roles] }, accounts: { from: graph } }`,
      'expected claims.groups to be groups',
    ],
    [
      'accounts of Graph and no secret',
      `{ ${SSO}, preset: entra, accounts: { from: graph } }`,
      'expected a client with a secret',
    ],
    [
      'accounts of Keycloak at an issuer of another provider',
      `{ ${SECRET_SSO}, accounts: { from: keycloak } }`,
      'expected an issuer that ends with /realms/REALM, or accounts.url',
    ],
    [
      'accounts of Keycloak and roles of a client',
      `{ ${SECRET_SSO}/realms/corp, claims: { groups: /resource_access/web/roles }, accounts: { from: keycloak } }`,
      'expected claims.groups to be groups or /realm_access/roles',
    ],
    ['offline access', `{ ${SSO}, scope: openid offline_access }`, 'expected no offline_access'],
  ])('is refused with %s', async (_what, backends, message) => {
    expect(await problems({ backends, more: 'console: {}' })).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    `{ ${SECRET_SSO}, preset: entra, accounts: { from: graph } }`,
    `{ ${SECRET_SSO}/realms/corp, preset: keycloak, claims: { groups: [groups, realm_access.roles] }, accounts: { from: keycloak } }`,
    `{ ${SECRET_SSO}, accounts: { from: keycloak, url: https://admin.example.com/admin/realms/corp } }`,
    `{ ${SSO}, accounts: { from: refresh-token, consent: false } }`,
  ])('takes accounts of the provider: %s', async (backends) => {
    const more = 'console: {}\npersonalTokens: {}';
    expect((await load({ backends, more })).warnings).toEqual([]);
  });

  it('is reported when the backend of its accounts cannot find any', async () => {
    const http = '{ name: web, type: http, url: https://users.example.com }';
    const sso = `{ ${SSO}, accounts: { from: backend, backend: web } }`;
    const { warnings } = await load({ backends: `${sso}, ${http}`, more: 'console: {}' });

    expect(warnings).toContainEqual(
      expect.stringContaining('names web, which cannot find an account without its password'),
    );
  });
});
