import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { oidcPassword } from '../../../../src/backends/oidc-password/index.ts';

const LEAST = {
  name: 'sso',
  type: 'oidc-password',
  issuer: 'https://id.example.com/realms/corp',
  client: { id: 'registry', secret: { env: 'SSO_CLIENT_SECRET' } },
};

function problems(changes: Readonly<Record<string, unknown>>): readonly string[] {
  const { error } = z.safeParse(oidcPassword.schema, { ...LEAST, ...changes });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the configuration of oidc-password', () => {
  it('needs issuer and client only', () => {
    const config = z.parse(oidcPassword.schema, LEAST);

    expect(config).toMatchObject({ preset: 'generic', client: { id: 'registry' }, timeout: 4.5 });
  });

  it.each([
    'https://id.example.com',
    'https://id.example.com:8443/realms/corp/',
    'http://localhost:5556/dex',
    'http://127.0.0.1:4593/api/oidc',
    'http://[::1]:8080',
  ])('takes the issuer %s', (issuer) => {
    expect(problems({ issuer })).toEqual([]);
  });

  it.each([
    ['http://id.example.com', /expected an https URL/],
    ['http://localhost.example.com', /expected an https URL/],
    ['http://127.0.0.1.example.com', /expected an https URL/],
    ['ftp://127.0.0.1', /expected an https URL/],
    ['id.example.com', /expected a URL/],
    ['https://user:word@id.example.com', /without user name/],
    ['https://id.example.com/?realm=corp', /without \? and #/],
    ['https://id.example.com/#corp', /without \? and #/],
    ['https://id.example.com/.well-known/openid-configuration', /the issuer itself/],
  ])('refuses the issuer %s', (issuer, message) => {
    expect(problems({ issuer })).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    [
      'a secret that is not sent',
      { client: { ...LEAST.client, authentication: 'none' } },
      /client\.secret: expected no/,
    ],
    [
      'an authentication without a secret',
      { client: { id: 'registry', authentication: 'client_secret_post' } },
      /client\.authentication: expected a secret/,
    ],
    [
      'a key without a word on its use',
      { client: { id: 'registry', keyFile: 'client.key' } },
      /client\.keyFile: expected authentication: private_key_jwt or tls_client_auth/,
    ],
    [
      'an assertion without a key',
      { client: { id: 'registry', authentication: 'private_key_jwt' } },
      /client\.authentication: expected a keyFile/,
    ],
    [
      'a certificate without its key',
      { client: { id: 'registry', authentication: 'tls_client_auth', certFile: 'client.pem' } },
      /client\.authentication: expected a keyFile/,
    ],
    [
      'a secret in addition to a key',
      { client: { ...LEAST.client, authentication: 'private_key_jwt', keyFile: 'client.key' } },
      /client\.secret: expected no secret, which authentication: private_key_jwt/,
    ],
    ['a proxy that is none', { proxy: 'proxy:3128' }, /proxy: expected a URL such as http:/],
    ['a proxy with a password', { proxy: 'http://a:b@proxy:3128' }, /proxy: expected a URL without user name/],
    ['a proxy with a path', { proxy: 'http://proxy:3128/x' }, /proxy: expected a URL without a path/],
    [
      'a proxy on the way to this machine',
      { issuer: 'http://127.0.0.1:8080', proxy: 'http://proxy:3128' },
      /proxy: expected none/,
    ],
    [
      'a proxy between the broker and an internal address on this machine',
      { internalUrl: 'http://127.0.0.1:8080', proxy: 'http://proxy:3128' },
      /proxy: expected none/,
    ],
    ['a proxy with a user name alone', { proxy: { url: 'http://proxy:3128', username: 'a' } }, /^proxy/],
    [
      'an internal address without TLS',
      { internalUrl: 'http://keycloak:8080/realms/corp' },
      /internalUrl: expected an https/,
    ],
    [
      'the address of metadata as the internal address',
      { internalUrl: 'https://kc/realms/corp/.well-known/openid-configuration' },
      /internalUrl: expected the issuer itself/,
    ],
    ['an additional audience that is empty', { additionalAudiences: [''] }, /additionalAudiences/],
    ['a path with {} before its end', { claims: { groups: 'roles{}.name' } }, /claims\.groups/],
    ['a path without a dot after []', { claims: { groups: ['groups', 'groups[]name'] } }, /claims\.groups/],
    ['an unknown notation of groups', { claims: { groupText: 'tabs' } }, /claims\.groupText/],
    ['a secret written inline', { client: { id: 'registry', secret: 'inline' } }, /client\.secret/],
    ['scopes without openid', { scope: 'profile groups' }, /expected openid/],
    ['a scope that leaves sessions behind', { scope: 'openid offline_access' }, /no offline_access/],
    ['scopes with two spaces', { scope: 'openid  groups' }, /one space/],
    ['a pointer with nothing between slashes', { claims: { groups: '/realm_access//roles' } }, /claims\.groups/],
    ['a status that is no refusal', { deniedStatus: [500] }, /deniedStatus/],
    ['a timeout longer than a login', { timeout: '10s' }, /timeout: expected a duration from 1s to 7s/],
    ['a key it does not know', { usernameClaim: 'sub' }, /usernameClaim/],
  ])('refuses %s', (_what, changes, message) => {
    expect(problems(changes)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    { internalUrl: 'https://keycloak.auth.svc:8443/realms/corp' },
    { internalUrl: 'http://127.0.0.1:8080/realms/corp' },
    { proxy: { url: 'http://proxy:3128', username: 'fairlead', password: { file: 'proxy-password' } } },
    { additionalAudiences: ['https://api.example.com'] },
    { claims: { groups: ['groups[].name', 'roles{}', 'realm_access.roles', '/a/b[]/c'], groupText: 'json' } },
    { claims: { username: 'email', trustEmail: true } },
  ])('takes %j', (changes) => {
    expect(problems(changes)).toEqual([]);
  });

  it('can be written as a JSON schema', () => {
    const schema = z.toJSONSchema(oidcPassword.schema, { io: 'input', target: 'draft-7' });

    expect(schema).toMatchObject({ required: ['type', 'name', 'issuer', 'client'], additionalProperties: false });
  });
});
