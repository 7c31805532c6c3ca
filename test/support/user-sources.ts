/** The places where people come from in end-to-end tests; in each, alice is in team-web and bob in team-api. */
import { hashPassword } from '../../src/backends/password-hash.ts';
import type { Files, Login } from './broker.ts';
import { startOpenIdProvider } from './openid-provider.ts';
import { findPart } from './parts.ts';
import { runOk } from './process.ts';
import { noteSecret } from './secrets.ts';
import { SLAPD, startSlapd } from './slapd.ts';
import type { Slapd } from './slapd.ts';

export interface UserSource {
  /** The configuration of the backend. */
  readonly backend: Readonly<Record<string, unknown>>;
  /** Files that the configuration names. */
  readonly files: Files;
  readonly people: Readonly<Record<'alice' | 'bob', Login>>;
  /** How often another server has been asked about this login; absent where there is no other server. */
  asked?(user: string): Promise<number>;
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

/** Files as Apache's administrators have them. */
const htpasswd: OpenSource = async () => ({
  backend: { name: 'apache', type: 'static-file', htpasswd: 'users.htpasswd', htgroup: 'users.htgroup' },
  files: {
    'users.htpasswd': (
      await Promise.all(Object.values(STATIC_PEOPLE).map(({ user, password }) => htpasswdLine(user, password)))
    ).join('\n'),
    'users.htgroup': 'team-web: alice\nteam-api: bob\n',
  },
  people: STATIC_PEOPLE,
});

async function htpasswdLine(user: string, password: string): Promise<string> {
  return (await runOk('htpasswd', ['-nbB', '-C', '6', user, password])).trim();
}

async function bcrypt(user: string, password: string): Promise<string> {
  return (await htpasswdLine(user, password)).slice(user.length + 1);
}

const ldap: OpenSource = async (resources) => {
  const slapd = resources.use(await startSlapd());
  const { alice, bob } = slapd.people;
  noteSecret(slapd.bindPassword);
  return {
    backend: directoryBackend(slapd),
    files: { 'ldap.password': slapd.bindPassword },
    people: {
      alice: { user: alice.username, password: alice.password },
      bob: { user: bob.username, password: bob.password },
    },
    asked: async (user) => (await slapd.settled()).searches.filter((filter) => filter.includes(`(uid=${user})`)).length,
  };
};

/** The backend for this directory; the password of its service account is in `ldap.password`. */
export function directoryBackend({ url, bindDn, baseDn }: Slapd): Readonly<Record<string, unknown>> {
  return {
    name: 'corp',
    type: 'ldap',
    preset: 'openldap',
    urls: [url],
    tls: { mode: 'none' },
    bind: { dn: bindDn, password: { file: 'ldap.password' } },
    users: { base: `ou=people,${baseDn}` },
    groups: { base: `ou=groups,${baseDn}` },
  };
}

const openId: OpenSource = async (resources) => {
  const provider = resources.use(await startOpenIdProvider());
  noteSecret(provider.clientSecret);
  const person = (name: string): Login => {
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
    asked: async (user) => provider.requests().filter(({ username }) => username === user).length,
  };
};

export interface NamedSource {
  readonly open: OpenSource;
  /** Whether what it takes is installed. */
  isHere(): boolean;
}

const hasHtpasswd = (): boolean => findPart({ program: 'htpasswd', debian: 'apache2-utils' }) !== undefined;

export const USERS_FILE: NamedSource = { open: usersYaml, isHere: hasHtpasswd };
export const HTPASSWD_FILE: NamedSource = { open: htpasswd, isHere: hasHtpasswd };
export const DIRECTORY: NamedSource = { open: ldap, isHere: () => findPart(SLAPD) !== undefined };
export const OPENID_PROVIDER: NamedSource = { open: openId, isHere: () => true };

/** Everybody may pull and push in a namespace of their own. */
export const OWN_POLICY = JSON.stringify({
  rules: [{ name: 'own', users: ['*'], repositories: ['users/{user}/**'], allow: ['pull', 'push'] }],
});

export const TEAM_POLICY = JSON.stringify({
  roles: { reader: ['pull'], writer: ['pull', 'push'] },
  rules: [
    { name: 'teams own their namespace', groups: ['team-{team}'], repositories: ['{team}/**'], allow: 'writer' },
    { name: 'public images', everyone: true, repositories: ['public/**'], allow: 'reader' },
    { name: 'team web publishes', groups: ['team-web'], repositories: ['public/**'], allow: 'writer' },
  ],
});
