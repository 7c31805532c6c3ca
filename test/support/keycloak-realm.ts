/** A realm of Keycloak with people and accounts in every state, and the client of the recipe. */
import { generateKeyPairSync } from 'node:crypto';
import type { Keycloak } from './keycloak.ts';
import { recipeTexts } from './recipes.ts';

export interface Realm {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  /**
   * Registers a client for sign-in with a browser, of a console at this address.
   *
   * @param mayRead whether its service account may read accounts; absent: it has none
   */
  register(clientId: string, secret: string, console: string, mayRead?: boolean): Promise<void>;
  /** Disables an account, or enables it again. */
  enable(username: string, isEnabled: boolean): Promise<void>;
  /** Puts a person in a group of the top level. */
  join(username: string, group: string): Promise<void>;
  /** Deletes an account. */
  remove(username: string): Promise<void>;
  /** Ends all sessions of a person. */
  logOut(username: string): Promise<void>;
  /** Sessions that are open for this client. */
  sessions(): Promise<number>;
  /** Switches brute force detection on. */
  protect(settings: { readonly failureFactor: number }): Promise<void>;
  /** How many wrong passwords it has counted. */
  failures(username: string): Promise<number>;
}

const REALM = 'corp';

const person = (username: string, more: object = {}) => ({
  username,
  password: `${username}-at-keycloak-1`,
  entry: {
    username,
    enabled: true,
    email: `${username}@example.com`,
    firstName: username,
    lastName: 'Example',
    credentials: [{ type: 'password', value: `${username}-at-keycloak-1` }],
    ...more,
  },
});

/** What the authenticator app of the person with a second factor has. */
export const TOTP_KEY = 'MZUXE43UNFWGC2LOMJSXE3DJNY';

const totp = {
  type: 'otp',
  secretData: JSON.stringify({ value: TOTP_KEY }),
  credentialData: JSON.stringify({ subType: 'totp', digits: 6, period: 30, algorithm: 'HmacSHA1' }),
};

export const PEOPLE = {
  alice: person('alice', { groups: ['/teams/web'], realmRoles: ['registry-auditor'] }),
  bob: person('bob', { groups: ['/teams/api', '/staff'] }),
  carol: person('carol'),
  disabled: person('dora', { enabled: false }),
  mustChange: person('mia', { requiredActions: ['UPDATE_PASSWORD'] }),
  mustSetUp: person('sam', { requiredActions: ['CONFIGURE_TOTP'] }),
  nameless: person('nora', { email: '', firstName: '', lastName: '' }),
  // Keycloak gives offline access only to people with its role, which the default roles of a realm have.
  leaver: person('vera', { groups: ['/teams/web'], realmRoles: ['registry-auditor', 'offline_access'] }),
  secondFactor: person('otto', {
    credentials: [{ type: 'password', value: 'otto-at-keycloak-1' }, totp],
  }),
} as const;

const importable = JSON.parse(recipeTexts('keycloak', 'json')[0]) as Readonly<Record<string, unknown>>;
const mappersOf = ({ protocolMappers }: typeof importable) =>
  protocolMappers as readonly { readonly config: Readonly<Record<string, string>> }[];

/** What the client `with-assertions` signs with. */
export const CLIENT_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** The recipe's mappers, with the claims in one place alone. */
const mappersInto = (place: 'userinfo' | 'introspection') =>
  mappersOf(importable).map(({ config, ...mapper }) => ({
    ...mapper,
    config: { ...config, 'id.token.claim': 'false', [`${place}.token.claim`]: 'true' },
  }));

/** Keycloak introspects for those alone that are in the token's audience. */
const audience = (client: string) => ({
  name: 'audience',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: { 'included.client.audience': client, 'access.token.claim': 'true' },
});

/** Clients that differ from the recipe's in one thing each. */
const VARIANTS = {
  'with-assertions': {
    clientAuthenticatorType: 'client-jwt',
    attributes: {
      'use.jwks.string': 'true',
      'jwks.string': JSON.stringify({
        keys: [{ ...CLIENT_KEY.publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'ES256', use: 'sig' }],
      }),
    },
  },
  'without-grant': { directAccessGrantsEnabled: false },
  'with-consent': { consentRequired: true },
  'claims-in-userinfo': { protocolMappers: mappersInto('userinfo') },
  'claims-in-introspection': {
    protocolMappers: [...mappersInto('introspection'), audience('claims-in-introspection')],
  },
  'without-audience': { protocolMappers: mappersInto('introspection') },
};
export type Variant = keyof typeof VARIANTS;
/** The secret of each of them; that of the recipe's client is Keycloak's own choice. */
export const VARIANT_SECRET = 'secret-of-another-client';

export async function createRealm(keycloak: Keycloak): Promise<Realm> {
  await keycloak.administer('POST', '', {
    realm: REALM,
    enabled: true,
    roles: { realm: [{ name: 'registry-auditor' }] },
    groups: [{ name: 'teams', subGroups: [{ name: 'web' }, { name: 'api' }] }, { name: 'staff' }],
    clients: Object.entries(VARIANTS).map(([clientId, difference]) => ({
      ...importable,
      clientId,
      secret: VARIANT_SECRET,
      ...difference,
    })),
    users: Object.values(PEOPLE).map(({ entry }) => entry),
  });
  await keycloak.administer('POST', `/${REALM}/clients`, importable);
  const id = String(importable['clientId']);
  const [client] = (await keycloak.administer('GET', `/${REALM}/clients?clientId=${id}`)) as { secret: string }[];
  const pathOf = async (username: string): Promise<string> => {
    const users = await keycloak.administer('GET', `/${REALM}/users?exact=true&username=${username}`);
    return `/${REALM}/users/${(users as { id: string }[])[0]?.id ?? ''}`;
  };
  return {
    issuer: `${keycloak.url}/realms/${REALM}`,
    client: { id, secret: client?.secret ?? '' },
    sessions: async () => {
      const stats = await keycloak.administer('GET', `/${REALM}/client-session-stats`);
      const own = (stats as { clientId: string; active: string }[]).find(({ clientId }) => clientId === id);
      return Number(own?.active ?? 0);
    },
    register: async (clientId, secret, console, mayRead) => {
      await keycloak.administer('POST', `/${REALM}/clients`, {
        ...importable,
        clientId,
        secret,
        serviceAccountsEnabled: mayRead !== undefined,
        standardFlowEnabled: true,
        directAccessGrantsEnabled: false,
        redirectUris: [`${console}/sign-in/callback`],
        attributes: {
          'backchannel.logout.url': `${console}/sign-in/sso/logout`,
          'backchannel.logout.session.required': 'true',
          'post.logout.redirect.uris': `${console}/sign-out`,
        },
      });
      if (mayRead === true) await letRead(keycloak, clientId);
    },
    enable: async (username, isEnabled) => {
      await keycloak.administer('PUT', await pathOf(username), { enabled: isEnabled });
    },
    join: async (username, group) => {
      const groups = await keycloak.administer('GET', `/${REALM}/groups?exact=true&search=${group}`);
      const [found] = groups as { id: string }[];
      await keycloak.administer('PUT', `${await pathOf(username)}/groups/${found?.id ?? ''}`);
    },
    remove: async (username) => {
      await keycloak.administer('DELETE', await pathOf(username));
    },
    logOut: async (username) => {
      await keycloak.administer('POST', `${await pathOf(username)}/logout`);
    },
    protect: async (settings) => {
      await keycloak.administer('PUT', `/${REALM}`, { realm: REALM, bruteForceProtected: true, ...settings });
    },
    failures: async (username) => {
      const [user] = (await keycloak.administer('GET', `/${REALM}/users?exact=true&username=${username}`)) as {
        id: string;
      }[];
      const path = `/${REALM}/attack-detection/brute-force/users/${user?.id ?? ''}`;
      return ((await keycloak.administer('GET', path)) as { numFailures: number }).numFailures;
    },
  };
}

/** Gives the service account of a client the role `view-users`. */
async function letRead(keycloak: Keycloak, clientId: string): Promise<void> {
  const idOf = async (name: string): Promise<string> => {
    const clients = await keycloak.administer('GET', `/${REALM}/clients?clientId=${name}`);
    return (clients as { id: string }[])[0]?.id ?? '';
  };
  const management = await idOf('realm-management');
  const role = await keycloak.administer('GET', `/${REALM}/clients/${management}/roles/view-users`);
  const user = await keycloak.administer('GET', `/${REALM}/clients/${await idOf(clientId)}/service-account-user`);
  const { id } = user as { id: string };
  await keycloak.administer('POST', `/${REALM}/users/${id}/role-mappings/clients/${management}`, [role]);
}
