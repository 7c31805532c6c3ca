/** The password grant against Dex, in front of OpenLDAP and with a list of passwords of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashSync } from 'bcrypt';
import { parse } from 'yaml';
import type { AuthnOutcome, Authenticator } from '../../src/core/ports.ts';
import { authenticatorContract } from '../contract/authenticator.ts';
import { buildDex, canBuildDex, DEX_BUILD_TIMEOUT, startDex } from '../support/dex.ts';
import type { Dex } from '../support/dex.ts';
import { openConsoleApp } from '../support/console-app.ts';
import { recordingLog } from '../support/fakes.ts';
import { fetchBrowser } from '../support/fetch-browser.ts';
import { freePort } from '../support/free-port.ts';
import { freeze, thaw } from '../support/halt.ts';
import { createOidcBackend, login, oidcTraits } from '../support/oidc-backend.ts';
import type { BackendOptions } from '../support/oidc-backend.ts';
import { findPart } from '../support/parts.ts';
import { refusal, requestIdToken } from '../support/password-grant.ts';
import { signInAtDex } from '../support/provider-pages.ts';
import { startRecipeBroker } from '../support/recipe-broker.ts';
import { createSignInBackend } from '../support/sign-in-backend.ts';
import {
  accountRecords,
  ageChecks,
  REDIRECT_URI,
  revalidateAlone,
  signInAlone,
} from '../support/sign-in-without-console.ts';
import { recipeTexts } from '../support/recipes.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { createTokenBackend, present } from '../support/token-backend.ts';

const isHere = canBuildDex() && [SLAPD, LDAPADD].every((part) => findPart(part) !== undefined);
const CLIENT = { id: 'registry', secret: 'secret-of-the-registry-client' };
type Fields = Readonly<Record<string, unknown>>;
const SCOPE = 'openid profile groups';

const staticClients = [{ ...CLIENT, name: 'Registry', redirectURIs: [REDIRECT_URI] }];

/** Dex that looks people and their groups up in the directory. */
function startOverLdap(slapd: Slapd): Promise<Dex> {
  return startDex({
    oauth2: { passwordConnector: 'ldap', skipApprovalScreen: true },
    staticClients,
    connectors: [
      {
        type: 'ldap',
        id: 'ldap',
        name: 'OpenLDAP',
        config: {
          host: `127.0.0.1:${slapd.port}`,
          insecureNoSSL: true,
          bindDN: slapd.bindDn,
          bindPW: slapd.bindPassword,
          userSearch: {
            baseDN: `ou=people,${slapd.baseDn}`,
            username: 'uid',
            idAttr: 'uid',
            emailAttr: 'mail',
            nameAttr: 'cn',
            preferredUsernameAttr: 'uid',
          },
          groupSearch: {
            baseDN: `ou=groups,${slapd.baseDn}`,
            userMatchers: [{ userAttr: 'DN', groupAttr: 'member' }],
            nameAttr: 'cn',
          },
        },
      },
    ],
  });
}

const optionsFor = ({ issuer }: Dex, { config, ...options }: Partial<BackendOptions> = {}): BackendOptions => ({
  issuer,
  clientSecret: CLIENT.secret,
  config: { preset: 'dex', ...config },
  ...options,
});
const over = (dex: Dex, options: Partial<BackendOptions> = {}): Promise<Authenticator> =>
  createOidcBackend(optionsFor(dex, options));

describe.skipIf(!isHere)('acceptance 17: oidc-password over Dex', () => {
  const resources = new AsyncDisposableStack();
  let slapd: Slapd;
  let dex: Dex;

  beforeAll(async () => {
    await buildDex();
    slapd = resources.use(await startSlapd());
    dex = resources.use(await startOverLdap(slapd));
  }, DEX_BUILD_TIMEOUT);
  afterAll(() => resources.disposeAsync());

  const attempt = async (backend: Authenticator): Promise<AuthnOutcome> =>
    login(backend, 'alice', slapd.people.alice.password);

  authenticatorContract('oidc-password over Dex and OpenLDAP', async () => ({
    create: (deps) => over(dex, deps),
    traits: oidcTraits(optionsFor(dex)),
    known: slapd.people.alice,
    other: slapd.people.bob,
    attempts: 'none',
  }));

  it('gives the name as the directory writes it, for any spelling of the login', async () => {
    await using backend = await over(dex);

    const outcome = await login(backend, 'ALICE', slapd.people.alice.password);

    expect(outcome).toMatchObject({ identity: { username: 'alice', groups: new Set(['team-web']) } });
  });

  it('gives a user without groups none', async () => {
    await using backend = await over(dex);

    const outcome = await login(backend, 'carol', slapd.people.carol.password);

    expect(outcome).toMatchObject({ kind: 'authenticated', identity: { username: 'carol', groups: new Set() } });
  });

  it.each([
    ['a wrong password', 'alice'],
    ['an unknown user', 'nobody'],
  ])('reports %s by access_denied', async (_what, username) => {
    const person = { username, password: 'not-the-password' };
    await using backend = await over(dex);

    expect(await refusal({ issuer: dex.issuer, client: CLIENT, person, scope: SCOPE })).toBe(
      '401 access_denied: Invalid username or password',
    );
    expect(await login(backend, username, person.password)).toEqual({ kind: 'rejected', reason: 'wrong-password' });
  });

  it.each([
    [
      'a wrong client secret',
      { secret: 'no' },
      SCOPE,
      '401 invalid_client: Invalid client credentials.',
      /client\.secret/,
    ],
    ['an unknown client', { id: 'no' }, SCOPE, '401 invalid_client: Invalid client credentials.', /client\.id/],
    ['a scope it does not know', {}, 'openid team', '400 invalid_request: Unrecognized scope(s) ["team"]', /set scope/],
  ])('never takes %s for a wrong password', async (_what, difference, scope, answer, cure) => {
    const client = { ...CLIENT, ...difference };
    const log = recordingLog();
    const secret = { clientSecret: client.secret, client: { id: client.id } };
    await using backend = await over(dex, { ...secret, config: { scope }, log });

    const { alice: person } = slapd.people;
    expect(await refusal({ issuer: dex.issuer, client, person, scope })).toBe(answer);
    await expect(attempt(backend)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(cure),
    });
    expect(log.lines).toMatchObject([{ level: 'error', message: expect.stringContaining('nobody can log in') }]);
  });

  it('fails while the directory behind Dex is down, and works once it is back', async () => {
    await using backend = await over(dex);
    await slapd.stop();

    const during = attempt(backend);

    await expect(during).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringContaining('answered 400 invalid_request (Could not login user)'),
    });
    await slapd.start();
    expect((await attempt(backend)).kind).toBe('authenticated');
  });

  it('fails while Dex is stopped, and works once it is back, with other keys', async () => {
    await using backend = await over(dex);
    expect((await attempt(backend)).kind).toBe('authenticated');
    await dex.stop();

    await expect(attempt(backend)).rejects.toMatchObject({ code: 'backend_unavailable' });
    await dex.start();
    expect((await attempt(backend)).kind).toBe('authenticated');
  });

  it('fails in time while Dex hangs', async () => {
    await using backend = await over(dex, { config: { timeout: '1s' } });
    expect((await attempt(backend)).kind).toBe('authenticated');
    await freeze(dex.pid());

    const during = attempt(backend).finally(() => thaw(dex.pid()));

    await expect(during).rejects.toMatchObject({ message: expect.stringContaining('did not answer in time') });
    expect((await attempt(backend)).kind).toBe('authenticated');
  });

  it('gives an ID token that oidc-token takes in the password’s place, made for its audience only', async () => {
    const token = await requestIdToken({
      issuer: dex.issuer,
      client: CLIENT,
      person: slapd.people.alice,
      scope: SCOPE,
    });
    const groups = ['{claim:groups}'];
    const config = { issuer: dex.issuer, username: 'sso:{claim:preferred_username}', groups };
    await using backend = await createTokenBackend({ config: { ...config, audience: CLIENT.id } });
    await using elsewhere = await createTokenBackend({ config: { ...config, audience: 'another-client' } });

    const outcomes = [await present(backend, token), await present(elsewhere, token)];

    expect(outcomes).toMatchObject([
      { kind: 'authenticated', identity: { username: 'sso:alice', groups: new Set(['team-web']) } },
      { kind: 'rejected', reason: 'wrong-audience' },
    ]);
  });
});

describe.skipIf(!isHere)('the recipe for Dex', () => {
  it('does what it says, with passwords and with tokens', async () => {
    await using slapd = await startSlapd({ tls: true });
    const env = { REGISTRY_CLIENT_SECRET: 'secret-of-the-recipe', LDAP_BIND_PASSWORD: slapd.bindPassword };
    await using dex = await startDex(recipeConfig(slapd), env);
    const here = { dex: { issuer: dex.issuer }, 'dex-tokens': { issuer: dex.issuer } };
    await using recipe = await startRecipeBroker('dex', { here, env });
    const { granted, check } = recipe;
    const { alice } = slapd.people;
    const client = { id: 'registry', secret: env.REGISTRY_CLIENT_SECRET };
    const token = await requestIdToken({ issuer: dex.issuer, client, person: alice, scope: SCOPE });
    const withPassword = { user: 'alice', password: alice.password };

    expect([
      await granted('web/shop:pull,push', withPassword),
      await granted('users/alice/tool:pull,push', withPassword),
      await granted('users/bob/tool:pull', withPassword),
      await granted('web/shop:pull', { user: 'alice', password: 'not-the-password' }),
      await granted('web/shop:pull,push', { user: 'oidc', password: token }),
    ]).toEqual(['pull,push', 'pull,push', '', '401', 'pull,push']);
    expect(await check(['--connect'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/dex/) });
    expect(await check(['--login', 'alice'], alice.password)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('team-web'),
    });
    expect(await check(['--token'], token)).toMatchObject({ code: 0, stdout: expect.stringContaining('team-web') });
  });

  function recipeConfig(slapd: Slapd): Fields {
    const written = parse(recipeTexts('dex', 'dex.yaml')[0]) as { readonly connectors: readonly Fields[] } & Fields;
    const [connector] = written.connectors;
    const host = new URL(slapd.ldapsUrl ?? '').host;
    const config = { ...(connector?.['config'] as Fields), host, rootCA: slapd.caFile };
    return { ...written, connectors: [{ ...connector, config }] };
  }
});

describe.skipIf(!canBuildDex())('acceptance 17: oidc-password over Dex’s own passwords', () => {
  const EMAIL = 'alice@example.com';
  const PASSWORD = 'alice-has-this-at-dex';

  it('authenticates by the email address, the only other name that Dex has', async () => {
    await using dex = await startDex({
      oauth2: { passwordConnector: 'local' },
      enablePasswordDB: true,
      staticPasswords: [{ email: EMAIL, username: 'alice', userID: '1', hash: hashSync(PASSWORD, 10) }],
      staticClients,
    });
    await using backend = await over(dex, { config: { scope: 'openid email', claims: { username: 'email' } } });

    const outcomes = [await login(backend, EMAIL, PASSWORD), await login(backend, 'alice', PASSWORD)];

    expect(outcomes).toMatchObject([
      { kind: 'authenticated', identity: { username: EMAIL, groups: new Set() } },
      { kind: 'rejected', reason: 'wrong-password' },
    ]);
  });

  it('never takes a Dex without the password grant for a wrong password', async () => {
    await using dex = await startDex({ enablePasswordDB: true, staticClients });
    await using backend = await over(dex);

    await expect(login(backend, EMAIL, PASSWORD)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/unsupported_grant_type.*switch on the password grant/),
    });
  });
});

describe.skipIf(!isHere)('accounts from a refresh token of Dex over OpenLDAP', () => {
  it(
    'have their current groups, and are asleep once Dex has removed its tokens',
    { timeout: DEX_BUILD_TIMEOUT },
    async () => {
      await using resources = new AsyncDisposableStack();
      const slapd = resources.use(await startSlapd());
      const dex = resources.use(await startOverLdap(slapd));
      const records = accountRecords();
      const config = {
        preset: 'dex',
        client: { id: CLIENT.id, secret: { env: 'SSO_CLIENT_SECRET' } },
        accounts: { from: 'refresh-token' },
      };
      const common = { issuer: dex.issuer, clientSecret: () => CLIENT.secret };
      const { authenticator: backend } = await createSignInBackend({ ...common, ...records, config });
      resources.use(backend);
      const { alice } = slapd.people;
      const signedIn = await signInAlone(backend, (browser, url) => signInAtDex(browser, url, alice));
      const check = async (seconds: number): Promise<unknown> => {
        await ageChecks(records.accounts, seconds);
        return revalidateAlone(backend, signedIn).catch((error: unknown) => error);
      };

      const before = await check(900);
      const group = `cn=team-api,ou=groups,${slapd.baseDn}`;
      await slapd.change(`dn: ${group}\nchangetype: modify\nadd: member\nmember: ${alice.dn}\n`);
      const moved = await check(900);
      await slapd.change(`dn: ${alice.dn}\nchangetype: delete\n`);
      const deleted = await check(900);
      const anHourLater = await check(3600);
      await dex.stop();
      await dex.start();
      const forgotten = await check(0);

      expect([before, moved]).toMatchObject([
        { identity: { groups: new Set(['team-web']) } },
        { identity: { groups: new Set(['team-web', 'team-api']) } },
      ]);
      // Dex answers with an error of its own for somebody who is not in the directory any more, as in an outage.
      expect([deleted, anHourLater]).toMatchObject([{ kind: 'authenticated' }, { code: 'backend_unavailable' }]);
      expect(forgotten).toMatchObject({ kind: 'rejected', reason: 'sign-in-due' });
    },
  );
});

describe.skipIf(!canBuildDex())('sign-in with a browser at Dex', () => {
  const PASSWORD = 'alice-has-this-at-dex';

  it('opens a session, and again after Dex has come back with other keys', async () => {
    await using resources = new AsyncDisposableStack();
    // Dex reads its clients at start, so the address of the console is known first.
    const issuer = await unusedDexIssuer();
    const app = resources.use(
      await openConsoleApp({
        backends: async (accounts) => {
          const config = {
            preset: 'dex',
            client: { id: CLIENT.id, secret: { env: 'SSO_CLIENT_SECRET' } },
            claims: { username: 'name' },
          };
          return [await createSignInBackend({ issuer, accounts, clientSecret: () => CLIENT.secret, config })];
        },
      }),
    );
    const dex = resources.use(
      await startDex(
        {
          enablePasswordDB: true,
          oauth2: { skipApprovalScreen: true },
          staticPasswords: [
            { email: 'alice@example.com', username: 'alice', userID: '1', hash: hashSync(PASSWORD, 10) },
          ],
          staticClients: [{ ...CLIENT, name: 'Registry', redirectURIs: [`${app.url}/sign-in/callback`] }],
        },
        {},
        new URL(issuer).port,
      ),
    );
    const alice = { username: 'alice@example.com', password: PASSWORD };

    const first = await signInAtDex(fetchBrowser(), `${app.url}/sign-in/sso`, alice);
    await dex.stop();
    await dex.start();
    const second = await signInAtDex(fetchBrowser(), `${app.url}/sign-in/sso`, alice);

    expect([first.url.pathname, second.url.pathname]).toEqual(['/console/access', '/console/access']);
  });
});

async function unusedDexIssuer(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}/dex`;
}
