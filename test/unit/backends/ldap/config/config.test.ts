import { describe, expect, it } from 'vitest';
import { ldapConfig } from '../../../../../src/backends/ldap/config/config.ts';
import { ldapWarnings } from '../../../../../src/backends/ldap/config/config-check.ts';
import { groupSource, tlsMode } from '../../../../../src/backends/ldap/config/resolve.ts';

const LEAST = { type: 'ldap', name: 'corp', urls: ['ldaps://dc1'], users: { base: 'dc=corp' } } as const;

/** The problems of a configuration, as `path: message`. */
function problems(config: object): readonly string[] {
  const result = ldapConfig.safeParse({ ...LEAST, ...config });
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the configuration of an ldap backend', () => {
  it('accepts the example for Active Directory', () => {
    const config = ldapConfig.parse({
      name: 'corp',
      type: 'ldap',
      preset: 'active-directory',
      urls: ['ldaps://dc1.corp.example', 'ldaps://dc2.corp.example'],
      tls: { mode: 'ldaps', caFile: 'corp-ca.pem' },
      bind: { dn: 'CN=svc-registry,OU=Service,DC=corp,DC=example', password: { file: '/run/secrets/ldap' } },
      users: { base: 'OU=People,DC=corp,DC=example' },
      groups: { base: 'OU=Groups,DC=corp,DC=example', nested: 'auto', name: 'cn' },
    });

    expect(config.urls).toEqual([
      { url: 'ldaps://dc1.corp.example:636', secure: true, host: 'dc1.corp.example', port: 636 },
      { url: 'ldaps://dc2.corp.example:636', secure: true, host: 'dc2.corp.example', port: 636 },
    ]);
    expect(groupSource(config)).toBe('memberOf');
    expect(config.timeouts).toEqual({ connect: 2, operation: 4 });
  });

  it.each([
    ['ldaps', {}],
    ['none', { urls: ['ldap://localhost', 'ldap://127.0.0.1:3389', 'ldap://[::1]'] }],
    ['starttls', { urls: ['ldap://dc1'], tls: { mode: 'starttls' } }],
    ['none', { urls: ['ldap://dc1'], tls: { mode: 'none' } }],
  ])('uses TLS mode %s for %j', (mode, config) => {
    expect(tlsMode(ldapConfig.parse({ ...LEAST, ...config }))).toBe(mode);
  });

  it.each<[string, object]>([
    ['tls: expected mode: starttls', { urls: ['ldap://dc1'] }],
    ['tls: expected mode: starttls', { urls: ['ldap://127.evil.example'] }],
    ['urls.1: expected ldaps:// in all urls or in none', { urls: ['ldap://localhost', 'ldaps://localhost'] }],
    [
      'urls.0: expected ldap:// with tls.mode starttls, which encrypts the connection; ldaps:// needs no mode',
      { tls: { mode: 'starttls' } },
    ],
    [
      'urls.0: expected no tls.mode with ldaps://, which is encrypted; mode: none is for ldap:// without encryption',
      { tls: { mode: 'none' } },
    ],
    [
      'urls.0: expected ldaps:// with tls.mode ldaps; ldap:// needs mode: starttls',
      { urls: ['ldap://dc1'], tls: { mode: 'ldaps' } },
    ],
    [
      'tls.caFile: expected only with tls.mode ldaps or starttls',
      { urls: ['ldap://localhost'], tls: { caFile: 'ca.pem' } },
    ],
    ['urls.0: expected ldap://HOST', { urls: ['https://dc1'] }],
    ['urls.0: expected ldap://HOST', { urls: ['ldaps://user@dc1'] }],
    ['urls.0: expected ldap://HOST', { urls: ['ldaps://dc1/dc=corp'] }],
    ['urls.0: expected a port', { urls: ['ldaps://dc1:65536'] }],
    ['urls.0: expected ldap://HOST', { urls: ['ldaps://[127.0.0.1]'] }],
    ['users: expected base', { users: {} }],
    ['users.base: expected a distinguished name', { users: { base: 'people' } }],
    ['users.filter: expected ( at character 1', { users: { base: 'dc=corp', filter: 'uid={login}' } }],
    ['users.template: expected {login}', { users: { template: 'uid=x,dc=corp' } }],
    ['users.template: expected no base', { users: { base: 'dc=corp', template: 'uid={login},dc=corp' } }],
    [
      'users.loginAttributes: expected no loginAttributes with a filter',
      { users: { base: 'dc=corp', filter: '(uid={login})', loginAttributes: ['uid'] } },
    ],
    [
      'users.filter: expected a filter without {login}',
      { users: { template: 'uid={login},dc=corp', filter: '(uid={login})' } },
    ],
    [
      'users.usernameAttribute: expected the name of an attribute',
      { users: { base: 'dc=corp', usernameAttribute: 'a b' } },
    ],
    ['attributes.0: expected an attribute that holds no password', { attributes: ['userPassword'] }],
    ['groups.base: ', { groups: { nested: 'off' } }],
    [
      'groups.distribution: expected only with preset: active-directory',
      { groups: { base: 'ou=groups,dc=corp', distribution: true } },
    ],
    ['groups.nested: ', { groups: { base: 'dc=corp', nested: 'inChain' } }],
    [
      'groups.filter: expected only with from: member',
      { groups: { base: 'dc=corp', from: 'memberOf', filter: '(cn=a)' } },
    ],
    ['groups.name: expected cn or dn', { groups: { base: 'dc=corp', from: 'memberOf', name: 'description' } }],
    ['timeouts.connect: expected a duration from 100ms to 7s', { timeouts: { connect: '8s' } }],
    [': ', { srv: 'corp.example' }],
  ])('reports the problem %j', (problem, config) => {
    expect(problems(config)).toContainEqual(expect.stringContaining(problem));
  });
});

it.each([
  ['dc=corp', 1],
  ['DC=corp, DC=example', 1],
  ['ou=groups,dc=corp', 0],
  ['o=corp', 0],
])('groups.base: %s gives %d warnings that any folder of the directory may contain groups', (base, count) => {
  expect(ldapWarnings(ldapConfig.parse({ ...LEAST, groups: { base } }))).toHaveLength(count);
});
