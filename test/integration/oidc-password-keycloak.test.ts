/** The password grant against Keycloak, with the client that the recipe has its reader import. */
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { authenticatorContract } from '../contract/authenticator.ts';
import { openConsoleApp } from '../support/console-app.ts';
import type { ConsoleApp } from '../support/console-app.ts';
import { recordingLog } from '../support/fakes.ts';
import { fetchBrowser } from '../support/fetch-browser.ts';
import { fetchKeycloak, findKeycloakJava, KEYCLOAK_FETCH_TIMEOUT } from '../support/keycloak-distribution.ts';
import { CLIENT_KEY, createRealm, PEOPLE, TOTP_KEY, VARIANT_SECRET } from '../support/keycloak-realm.ts';
import type { Realm, Variant } from '../support/keycloak-realm.ts';
import { startKeycloak } from '../support/keycloak.ts';
import type { Keycloak } from '../support/keycloak.ts';
import { createOidcBackend, login, oidcTraits } from '../support/oidc-backend.ts';
import type { BackendOptions } from '../support/oidc-backend.ts';
import { refusal, requestIdToken } from '../support/password-grant.ts';
import { signInAtKeycloak } from '../support/provider-pages.ts';
import { startRecipeBroker } from '../support/recipe-broker.ts';
import { createSignInBackend } from '../support/sign-in-backend.ts';
import {
  accountRecords,
  ageChecks,
  REDIRECT_URI,
  revalidateAlone,
  signInAlone,
} from '../support/sign-in-without-console.ts';
import { createTokenBackend, present } from '../support/token-backend.ts';
import { totp } from '../support/totp.ts';
import { waitFor } from '../support/wait.ts';

const java = findKeycloakJava();
/** Milliseconds. */
const RESTART_TIMEOUT = 240_000;
const { alice, bob, carol } = PEOPLE;
const SAME = 'invalid_grant: Invalid user credentials';

function groupsOf(outcome: AuthnOutcome): readonly string[] {
  if (outcome.kind !== 'authenticated') throw new Error(`expected authenticated, found ${inspect(outcome)}`);
  return [...outcome.identity.groups].toSorted();
}

/** How the client `with-assertions` shows who it is, with this key in a file. */
async function withKey(key: KeyObject) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-key-'));
  const keyFile = join(folder, 'key.pem');
  await writeFile(keyFile, key.export({ type: 'pkcs8', format: 'pem' }));
  return {
    client: { id: 'with-assertions', authentication: 'private_key_jwt', keyFile, keyId: 'key-1' },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

describe.skipIf(java === undefined)('oidc-password over Keycloak', () => {
  const resources = new AsyncDisposableStack();
  let keycloak: Keycloak;
  let realm: Realm;

  beforeAll(async () => {
    keycloak = resources.use(await startKeycloak(await fetchKeycloak(java ?? '')));
    realm = await createRealm(keycloak);
  }, KEYCLOAK_FETCH_TIMEOUT);
  afterAll(() => resources.disposeAsync());

  const over = (options: Partial<BackendOptions> = {}): Promise<Authenticator> =>
    createOidcBackend({ issuer: realm.issuer, clientSecret: realm.client.secret, ...options });
  const overVariant = (id: Variant, options: Partial<BackendOptions> = {}): Promise<Authenticator> =>
    over({ client: { id }, clientSecret: VARIANT_SECRET, ...options });
  const enter = (backend: Authenticator, { username, password }: (typeof PEOPLE)[keyof typeof PEOPLE]) =>
    login(backend, username, password);

  authenticatorContract('oidc-password over Keycloak', async () => ({
    create: (deps) => over({ ...deps, config: { preset: 'keycloak' } }),
    traits: oidcTraits({ issuer: realm.issuer, config: { preset: 'keycloak' } }),
    known: { ...alice, groups: ['teams/web'] },
    other: bob,
    attempts: 'none',
  }));

  describe('acceptance 17: what Keycloak answers', () => {
    it('to the right password is who it is, as Keycloak writes the name', async () => {
      await using backend = await over();

      expect(await login(backend, 'ALICE', alice.password)).toMatchObject({ identity: { username: 'alice' } });
    });

    const INCOMPLETE = 'invalid_grant: Account is not fully set up';

    it.each([
      ['a wrong password', { ...alice, password: 'not-the-password' }, SAME, 'wrong-password'],
      ['an unknown user', { ...alice, username: 'nobody' }, SAME, 'wrong-password'],
      ['a disabled account', PEOPLE.disabled, 'invalid_grant: Account disabled', 'disabled'],
      ['a disabled account with a wrong password', { ...PEOPLE.disabled, password: 'no' }, SAME, 'wrong-password'],
      ['one whose password must be changed', PEOPLE.mustChange, INCOMPLETE, 'must-change-password'],
      ['one that must set up a second factor', PEOPLE.mustSetUp, INCOMPLETE, 'must-change-password'],
      ['a profile that lacks what the realm requires', PEOPLE.nameless, INCOMPLETE, 'must-change-password'],
      // Keycloak requires the second factor in the same request, and answers without it as to a wrong password.
      ['one with a second factor', PEOPLE.secondFactor, SAME, 'wrong-password'],
    ])('to %s is the user’s fault', async (_what, person, answer, reason) => {
      const log = recordingLog();
      await using backend = await over({ log });

      expect(await refusal({ ...realm, person, scope: 'openid' })).toBe(`400 ${answer}`);
      expect(await enter(backend, person)).toMatchObject({ kind: 'rejected', reason });
      expect(log.lines).toEqual([]);
    });

    const UNKNOWN_CLIENT = 'Invalid client or Invalid client credentials';
    const client = { id: 'registry', secret: 'not-the-secret' };
    const variant = (id: Variant) => ({ id, secret: VARIANT_SECRET });

    it.each([
      ['a wrong client secret', { client }, `401 unauthorized_client: ${UNKNOWN_CLIENT}`, /check client\.id/],
      [
        'an unknown client',
        { client: { ...client, id: 'nobody' } },
        `401 invalid_client: ${UNKNOWN_CLIENT}`,
        /check cl/,
      ],
      [
        'a client without the grant',
        { client: variant('without-grant') },
        '400 unauthorized_client: Client not allowed for direct access grants',
        /allow this client the password grant/,
      ],
      [
        'a client that needs consent',
        { client: variant('with-consent') },
        '400 invalid_client: Client requires user consent',
        /administrator consent/,
      ],
      ['an unknown scope', { scope: 'openid team' }, '400 invalid_scope: Invalid scopes: openid team', /set scope/],
    ])('to %s is never the user’s fault', async (_what, difference, answer, cure) => {
      const request = { ...realm, person: alice, scope: 'openid', ...difference };
      await using backend = await over({
        client: { id: request.client.id },
        clientSecret: request.client.secret,
        config: { scope: request.scope },
      });

      expect(await refusal(request)).toBe(answer);
      await expect(enter(backend, alice)).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringMatching(cure),
      });
    });

    it('to an assertion signed with the client’s key is what it answers to a secret', async () => {
      const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
      const outcomes: unknown[] = [];
      for (const key of [CLIENT_KEY.privateKey, foreign]) {
        await using signing = await withKey(key);
        await using backend = await over({ clientSecret: undefined, client: signing.client });
        outcomes.push(await enter(backend, alice).catch((error: unknown) => error));
      }

      expect(outcomes).toMatchObject([
        { kind: 'authenticated' },
        { code: 'backend_unavailable', message: expect.stringMatching(/check client\.id/) },
      ]);
    });

    it('leaves no session behind', async () => {
      const before = await realm.sessions();
      const token = await requestIdToken({ ...realm, person: alice, scope: 'openid' });
      const unrevoked = await realm.sessions();
      const backend = await over();

      const outcomes = [await enter(backend, alice), await enter(backend, bob)];
      await backend[Symbol.asyncDispose]();

      expect(outcomes.map(({ kind }) => kind)).toEqual(['authenticated', 'authenticated']);
      expect(token).not.toBe('');
      expect(unrevoked).toBe(before + 1);
      expect(await realm.sessions()).toBe(unrevoked);
    });

    it('is 503 while it is stopped, and right again once it is back', { timeout: RESTART_TIMEOUT }, async () => {
      await using backend = await over();
      expect((await enter(backend, alice)).kind).toBe('authenticated');
      await keycloak.stop();

      await expect(enter(backend, alice)).rejects.toMatchObject({ code: 'backend_unavailable' });
      await keycloak.start();
      expect((await waitFor('a login', () => enter(backend, alice))).kind).toBe('authenticated');
    });
  });

  describe('acceptance 18: groups of Keycloak', () => {
    it.each([
      ['with their paths', {}, ['/staff', '/teams/api']],
      ['without the slash', { groupPrefix: '/' }, ['staff', 'teams/api']],
      ['of one group alone', { groupPrefix: '/teams/' }, ['/staff', 'api']],
    ])('come %s', async (_what, claims, groups) => {
      await using backend = await over({ config: { claims } });

      expect(groupsOf(await enter(backend, bob))).toEqual(groups);
    });

    it('are none for who is in none', async () => {
      await using backend = await over();

      expect(groupsOf(await enter(backend, carol))).toEqual([]);
    });

    const both = ['groups', '/realm_access/roles'];
    const introspected = { groups: both, from: ['id-token', 'introspection'] };

    it.each<[string, () => Promise<Authenticator>]>([
      ['realm roles', () => over({ config: { claims: { groups: both } } })],
      [
        'those that userinfo alone has',
        () => overVariant('claims-in-userinfo', { config: { claims: { groups: both } } }),
      ],
      [
        'those that introspection alone has',
        () => overVariant('claims-in-introspection', { config: { claims: introspected } }),
      ],
    ])('can be %s', async (_what, create) => {
      await using backend = await create();

      expect(groupsOf(await enter(backend, alice))).toEqual(['/teams/web', 'registry-auditor']);
    });

    it('are never taken for none where Keycloak introspects nothing for this client', async () => {
      await using backend = await overVariant('without-audience', { config: { claims: introspected } });

      await expect(enter(backend, alice)).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringContaining('name this client in the token’s audience'),
      });
    });
  });

  it('gives an ID token that oidc-token takes in the password’s place, made for its audience only', async () => {
    const token = await requestIdToken({ ...realm, person: alice, scope: 'openid profile' });
    const config = {
      issuer: realm.issuer,
      username: 'sso:{claim:preferred_username}',
      groups: ['{claim:groups}', 'role:{claim:/realm_access/roles}'],
    };
    await using backend = await createTokenBackend({ config: { ...config, audience: realm.client.id } });
    await using elsewhere = await createTokenBackend({ config: { ...config, audience: 'another-client' } });

    const outcomes = [await present(backend, token), await present(elsewhere, token)];

    expect(outcomes).toMatchObject([
      { identity: { username: 'sso:alice', groups: new Set(['/teams/web', 'role:registry-auditor']) } },
      { kind: 'rejected', reason: 'wrong-audience' },
    ]);
  });

  it('does with the recipe what the recipe says, with passwords and with tokens', async () => {
    const here = { keycloak: { issuer: realm.issuer }, 'keycloak-tokens': { issuer: realm.issuer } };
    const env = { KEYCLOAK_CLIENT_SECRET: realm.client.secret };
    await using recipe = await startRecipeBroker('keycloak', { here, env });
    const { granted, check } = recipe;
    const token = await requestIdToken({ ...realm, person: alice, scope: 'openid profile' });
    const withPassword = { user: 'Alice', password: alice.password };

    expect([
      await granted('web/shop:pull,push', withPassword),
      await granted('api/shop:pull,push', withPassword),
      await granted('api/shop:pull,push', { user: 'bob', password: bob.password }),
      await granted('web/shop:pull', { user: 'bob', password: bob.password }),
      await granted('web/shop:pull', { user: 'alice', password: 'not-the-password' }),
      await granted('web/shop:pull,push', { user: 'oidc', password: token }),
    ]).toEqual(['pull,push', 'pull', 'pull,push', '', '401', 'pull,push']);
    expect(await check(['--connect'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/keycloak/) });
    expect(await check(['--login', 'alice'], alice.password)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('groups teams/web; registry-auditor'),
    });
    expect(await check(['--token'], token)).toMatchObject({ code: 0, stdout: expect.stringContaining('/teams/web') });
  });

  describe('sign-in with a browser', () => {
    const LIST = '/console/sign-ins';
    const HOME = '/console/access';

    /** The console with this Keycloak, whose client knows its address. */
    async function openSignIn(clientId: string): Promise<ConsoleApp> {
      const app = await openConsoleApp({
        section: { admins: { groups: ['teams/web'] } },
        backends: async (accounts) => {
          const config = { preset: 'keycloak', client: { id: clientId, secret: { env: 'SSO_CLIENT_SECRET' } } };
          const common = { issuer: realm.issuer, accounts, clientSecret: () => VARIANT_SECRET };
          return [await createSignInBackend({ ...common, config })];
        },
      });
      await realm.register(clientId, VARIANT_SECRET, app.url);
      return app;
    }

    it('opens a session with the groups of Keycloak, which ends when Keycloak announces the logout', async () => {
      await using app = await openSignIn('console');
      const browser = fetchBrowser();

      const page = await signInAtKeycloak(browser, `${app.url}/sign-in/sso`, alice);
      await realm.logOut('alice');
      const after = await browser.open(`${app.url}${LIST}`);

      expect({ status: page.status, path: page.url.pathname }).toEqual({ status: 200, path: HOME });
      expect(page.text).toContain('Who can');
      expect(after.url.pathname).toBe('/sign-in');
    });

    it('takes a person with a second factor, who has no login with a password alone', async () => {
      await using app = await openSignIn('console-with-totp');
      const { secondFactor: otto } = PEOPLE;
      const code = (): string => totp(TOTP_KEY, Date.now() / 1000);

      const page = await signInAtKeycloak(fetchBrowser(), `${app.url}/sign-in/sso`, { ...otto, code });
      const wrong = await signInAtKeycloak(fetchBrowser(), `${app.url}/sign-in/sso`, { ...otto, code: () => '000000' });

      expect(page.url.pathname).toBe(HOME);
      expect(wrong.url.origin).toBe(new URL(realm.issuer).origin);
    });

    it('lets a disabled account get no further than Keycloak', async () => {
      await using app = await openSignIn('console-for-disabled');
      const browser = fetchBrowser();

      const page = await signInAtKeycloak(browser, `${app.url}/sign-in/sso`, PEOPLE.disabled);

      expect(page.url.origin).toBe(new URL(realm.issuer).origin);
      expect((await browser.open(`${app.url}${LIST}`)).url.pathname).toBe('/sign-in');
    });
  });

  describe('accounts of people who sign in with a browser', () => {
    const { leaver: vera } = PEOPLE;

    /** A backend whose client is registered for an address at which nothing listens. */
    async function openAccounts(clientId: string, accounts: object, mayRead?: boolean) {
      await realm.register(clientId, VARIANT_SECRET, new URL(REDIRECT_URI).origin, mayRead);
      const records = accountRecords();
      const config = {
        preset: 'keycloak',
        client: { id: clientId, secret: { env: 'SSO_CLIENT_SECRET' } },
        claims: { groups: ['groups', '/realm_access/roles'] },
        accounts,
      };
      const common = { issuer: realm.issuer, clientSecret: () => VARIANT_SECRET };
      const { authenticator } = await createSignInBackend({ ...common, ...records, config });
      return { authenticator, accounts: records.accounts };
    }
    const signIn = (backend: Authenticator) =>
      signInAlone(backend, (browser, url) => signInAtKeycloak(browser, url, vera));

    it('fall asleep when Keycloak refuses the refresh token of a disabled account', async () => {
      const { authenticator, accounts } = await openAccounts('with-refresh', { from: 'refresh-token' });
      await using backend = authenticator;
      const signedIn = await signIn(backend);
      const check = async (): Promise<AuthnOutcome> => {
        await ageChecks(accounts, 900);
        return revalidateAlone(backend, signedIn);
      };
      const enabled = await check();
      await realm.enable(vera.username, false);
      const disabled = await check();
      await realm.enable(vera.username, true);

      expect(groupsOf(enabled)).toEqual(expect.arrayContaining(['registry-auditor', 'teams/web']));
      expect(disabled).toMatchObject({ kind: 'rejected', reason: 'sign-in-due' });
      expect(await revalidateAlone(backend, await signIn(backend))).toMatchObject({ kind: 'authenticated' });
    });

    it('cannot be looked up without the role view-users, and the error names it', async () => {
      const { authenticator } = await openAccounts('without-view-users', { from: 'keycloak' }, false);
      await using backend = authenticator;

      await expect(signIn(backend)).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringContaining('role view-users of realm-management'),
      });
    });

    it('have their current groups and roles, and are refused once disabled or deleted', async () => {
      const { authenticator } = await openAccounts('with-view-users', { from: 'keycloak' }, true);
      await using backend = authenticator;
      const signedIn = await signIn(backend);
      const now = (): Promise<AuthnOutcome> => {
        backend.clearCaches?.();
        return revalidateAlone(backend, signedIn);
      };

      const before = await now();
      await realm.join(vera.username, 'staff');
      const moved = await now();
      await realm.enable(vera.username, false);
      const cached = await revalidateAlone(backend, signedIn);
      const disabled = await now();
      await realm.remove(vera.username);
      const deleted = await now();

      expect(before).toMatchObject({ identity: { username: 'vera', backend: 'sso' } });
      expect([before, moved, cached].map(groupsOf)).toEqual([
        ['offline_access', 'registry-auditor', 'teams/web'],
        ['offline_access', 'registry-auditor', 'staff', 'teams/web'],
        ['offline_access', 'registry-auditor', 'staff', 'teams/web'],
      ]);
      expect([disabled, deleted]).toMatchObject([{ kind: 'rejected', reason: 'disabled' }, { kind: 'unknown-user' }]);
    });
  });

  it('counts a wrong password once, however often a client sends it, and says of a locked account that it is wrong', async () => {
    await realm.protect({ failureFactor: 3 });
    const here = { keycloak: { issuer: realm.issuer }, 'keycloak-tokens': { issuer: realm.issuer } };
    await using recipe = await startRecipeBroker('keycloak', {
      here,
      env: { KEYCLOAK_CLIENT_SECRET: realm.client.secret },
    });
    await using backend = await over();
    const send = (password: string): Promise<string> =>
      recipe.granted('web/shop:pull', { user: carol.username, password });

    const answers = new Set(await Promise.all(Array.from({ length: 40 }, () => send('an-old-password'))));
    const counted = await realm.failures(carol.username);
    const right = await send(carol.password);
    for (const password of ['guess-1', 'guess-2', 'guess-3']) {
      await refusal({ ...realm, person: { ...carol, password }, scope: 'openid' });
    }
    const locked = await waitFor('the lock', async () => {
      const outcome = await enter(backend, carol);
      return outcome.kind === 'rejected' && outcome;
    });

    expect([...answers]).toEqual(['401']);
    expect(counted).toBe(1);
    expect(right).toBe('');
    expect(locked.reason).toBe('wrong-password');
    expect(await refusal({ ...realm, person: carol, scope: 'openid' })).toBe(`400 ${SAME}`);
  });
});
