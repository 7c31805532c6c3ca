/** The three places where people come from in end-to-end tests; in each, alice is in team-web and bob in team-api. */
import { hashPassword } from '../../src/backends/password-hash.ts';
import type { Files } from './broker.ts';
import { startOpenIdProvider } from './openid-provider.ts';
import { findPart } from './parts.ts';
import { run } from './process.ts';
import { SLAPD, startSlapd } from './slapd.ts';

export interface UserSource {
  /** The configuration of the backend. */
  readonly backend: Readonly<Record<string, unknown>>;
  /** Files that the configuration names. */
  readonly files: Files;
  readonly people: Readonly<Record<'alice' | 'bob', { readonly user: string; readonly password: string }>>;
}

export type OpenSource = (resources: AsyncDisposableStack) => Promise<UserSource>;

const STATIC_PEOPLE = {
  alice: { user: 'alice', password: 'alice-static-pass-11' },
  bob: { user: 'bob', password: 'bob-static-pass-22' },
} as const;

const usersYaml: OpenSource = async () => ({
  backend: { name: 'local', type: 'static-file', file: 'users.yaml' },
  files: {
    'users.yaml': JSON.stringify({
      users: {
        alice: { password: await hashPassword(STATIC_PEOPLE.alice.password), groups: ['team-web'] },
        bob: { password: await bcrypt('bob', STATIC_PEOPLE.bob.password), groups: ['team-api'] },
      },
    }),
  },
  people: STATIC_PEOPLE,
});

async function bcrypt(user: string, password: string): Promise<string> {
  const { stdout } = await run('htpasswd', ['-nbB', '-C', '6', user, password]);
  return stdout.trim().slice(user.length + 1);
}

const ldap: OpenSource = async (resources) => {
  const slapd = resources.use(await startSlapd());
  const { alice, bob } = slapd.people;
  return {
    backend: {
      name: 'corp',
      type: 'ldap',
      preset: 'openldap',
      urls: [slapd.url],
      tls: { mode: 'none' },
      bind: { dn: slapd.bindDn, password: { file: 'ldap.password' } },
      users: { base: `ou=people,${slapd.baseDn}` },
      groups: { base: `ou=groups,${slapd.baseDn}` },
    },
    files: { 'ldap.password': slapd.bindPassword },
    people: {
      alice: { user: alice.username, password: alice.password },
      bob: { user: bob.username, password: bob.password },
    },
  };
};

const openId: OpenSource = async (resources) => {
  const provider = resources.use(await startOpenIdProvider());
  const person = (name: string) => {
    const found = provider.people.find(({ username }) => username === name);
    if (found === undefined) throw new Error(`the provider has no ${name}`);
    return { user: found.username, password: found.password };
  };
  return {
    backend: {
      name: 'sso',
      type: 'oidc-password',
      issuer: provider.issuer,
      client: { id: provider.clientId, secret: { file: 'client.secret' } },
      claims: { username: 'preferred_username', groups: 'groups' },
    },
    files: { 'client.secret': provider.clientSecret },
    people: { alice: person('alice'), bob: person('bob') },
  };
};

export const USER_SOURCES: Readonly<Record<string, { readonly open: OpenSource; readonly isHere: () => boolean }>> = {
  'a users file': {
    open: usersYaml,
    isHere: () => findPart({ program: 'htpasswd', debian: 'apache2-utils' }) !== undefined,
  },
  'an LDAP directory': { open: ldap, isHere: () => findPart(SLAPD) !== undefined },
  'an OpenID provider': { open: openId, isHere: () => true },
};

export const TEAM_POLICY = JSON.stringify({
  roles: { reader: ['pull'], writer: ['pull', 'push'] },
  rules: [
    { name: 'teams own their namespace', groups: ['team-{team}'], repositories: ['{team}/**'], allow: 'writer' },
    { name: 'public images', everyone: true, repositories: ['public/**'], allow: 'reader' },
    { name: 'team web publishes', groups: ['team-web'], repositories: ['public/**'], allow: 'writer' },
  ],
});
