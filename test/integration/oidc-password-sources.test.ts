/** Where a login gets keys and claims: rotated keys, userinfo without an ID token, signed userinfo, an internal address. */
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../src/core/deadline.ts';
import type { AuthnOutcome } from '../../src/core/ports.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createOidcBackend, login } from '../support/oidc-backend.ts';
import { PEOPLE, startOpenIdProvider } from '../support/openid-provider.ts';
import { FOREIGN_KEY, PUBLISHED_KEY, startScriptedProvider } from '../support/scripted-openid-provider.ts';
import type { Answer, ScriptedProvider } from '../support/scripted-openid-provider.ts';

const PASSWORD = 'alice-knows-this-1';
const NEW_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const JWT = { 'content-type': 'application/jwt' };
const ALICE = { kind: 'authenticated', identity: { username: 'alice', groups: new Set(['team-web']) } };
const INVALID = { code: 'backend_unavailable' };

type Changes = Readonly<Record<string, unknown>>;

async function attempt(
  script: (provider: ScriptedProvider) => void,
  config: Readonly<Record<string, unknown>> = {},
): Promise<AuthnOutcome> {
  await using provider = await startScriptedProvider();
  script(provider);
  await using backend = await createOidcBackend({ issuer: provider.issuer, config: { timeout: '2s', ...config } });
  return await login(backend, 'alice', PASSWORD);
}

function answerWith(provider: ScriptedProvider, changes: Changes): void {
  provider.answer('token', provider.tokens(provider.sign(provider.claims(changes))));
}

function withoutIdToken(provider: ScriptedProvider, userinfo: Changes, tokens: Changes = {}): void {
  provider.answer('token', { body: { access_token: 'access-token-of-alice', token_type: 'Bearer', ...tokens } });
  provider.answer('userinfo', { body: { sub: 'id-of-alice', preferred_username: 'alice', ...userinfo } });
}

describe('a provider that rotates its keys', () => {
  it.each([
    ['under a new id', { kid: 'key-2' }, { kid: 'key-2' }],
    ['under the id of the old key', {}, {}],
    ['among keys without ids', { kid: undefined }, { kid: undefined }],
  ])('logs in the first user and all others at that time, with a new key %s', async (_what, members, header) => {
    await using provider = await startScriptedProvider();
    await using backend = await createOidcBackend({ issuer: provider.issuer });
    await login(backend, 'alice', PASSWORD);

    provider.publish({ key: NEW_KEY, members });
    provider.answer('token', provider.tokens(provider.sign(provider.claims(), NEW_KEY, header)));
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => login(backend, 'alice', PASSWORD)));

    expect(outcomes).toMatchObject(Array.from({ length: 10 }, () => ALICE));
    expect(provider.calls().filter((endpoint) => endpoint === 'jwks')).toHaveLength(2);
  });

  it('is asked for its keys at most four times a minute, for tokens that none of them signed', async () => {
    await using provider = await startScriptedProvider();
    await using backend = await createOidcBackend({ issuer: provider.issuer });
    provider.answer('token', provider.tokens(provider.sign(provider.claims(), FOREIGN_KEY)));

    for (let count = 0; count < 10; count += 1) {
      await expect(login(backend, 'alice', PASSWORD)).rejects.toMatchObject(INVALID);
    }

    expect(provider.calls().filter((endpoint) => endpoint === 'token')).toHaveLength(10);
    expect(provider.calls().filter((endpoint) => endpoint === 'jwks')).toHaveLength(4);
  });

  it('logs users in whose tokens name no key, when it publishes several', async () => {
    const outcome = await attempt((provider) => {
      provider.publish({ key: FOREIGN_KEY }, { key: PUBLISHED_KEY }, { key: NEW_KEY });
      provider.answer('token', provider.tokens(provider.sign(provider.claims(), PUBLISHED_KEY, { kid: undefined })));
    });

    expect(outcome).toMatchObject(ALICE);
  });

  it('logs no user in with a key that the header of a token names or holds', async () => {
    await using foreign = await startScriptedProvider();
    const outcome = attempt((provider) => {
      const jwk = NEW_KEY.export({ format: 'jwk' });
      const header = {
        jku: `${foreign.issuer}/jwks`,
        x5u: `${foreign.issuer}/x5u`,
        jwk,
        kid: `${foreign.issuer}/jwks`,
      };
      provider.answer('token', provider.tokens(provider.sign(provider.claims(), NEW_KEY, header)));
    });

    await expect(outcome).rejects.toMatchObject({ message: expect.stringContaining('the issuer has no key') });
    expect(foreign.calls()).toEqual([]);
  });
});

describe('userinfo as the only source', () => {
  const config = { claims: { from: 'userinfo', groups: 'role' } };

  it('logs users in without an ID token and without keys', async () => {
    const outcome = await attempt((provider) => {
      provider.answer('discovery', provider.metadata({ jwks_uri: undefined }));
      withoutIdToken(provider, { role: ['team-web'] }, { id_token: null });
    }, config);

    expect(outcome).toMatchObject(ALICE);
  });

  it.each<[string, Changes, RegExp]>([
    ['has no subject', { sub: undefined }, /sub.* is nothing, expected a text/],
    ['has no user name', { preferred_username: undefined }, /has no claim preferred_username/],
    ['has roles as a text with commas', { role: 'team-web,team-api' }, /looks like a list.*claims\.groupText/],
    ['has roles as JSON in a text', { role: '["team-web"]' }, /looks like a list.*claims\.groupText to json/],
    ['has roles as objects', { role: [{ name: 'team-web' }] }, /set claims\.groups to 'role\[\]\.name'/],
  ])('fails the login when it %s', async (_what, userinfo, message) => {
    const outcome = attempt((provider) => withoutIdToken(provider, userinfo), config);

    await expect(outcome).rejects.toMatchObject({ ...INVALID, message: expect.stringMatching(message) });
  });

  it.each([{}, { 'www-authenticate': 'Bearer error="invalid_token"' }])(
    'shows no access token in the failure when the refusal of userinfo repeats it, with the headers %j',
    async (headers) => {
      const body = { error: 'invalid_token', error_description: 'access-token-of-alice is not known' };
      const outcome: unknown = await attempt((provider) => {
        withoutIdToken(provider, {});
        provider.answer('userinfo', { status: 401, headers: { 'content-type': 'application/json', ...headers }, body });
      }, config).catch((error: unknown) => error);

      expect(outcome).toMatchObject({ message: expect.stringContaining('401 invalid_token ([secret] is not known)') });
      expect(inspect(outcome, { depth: Infinity })).not.toContain('access-token-of-alice');
    },
  );

  it('still requires that an ID token is valid if the provider sends one, and is about the same user', async () => {
    const forged = () =>
      attempt((provider) => {
        const idToken = provider.sign(provider.claims(), FOREIGN_KEY);
        withoutIdToken(provider, { role: ['team-web'] }, { id_token: idToken });
      }, config);
    const other = () =>
      attempt((provider) => {
        const idToken = provider.sign(provider.claims({ sub: 'id-of-bob' }));
        withoutIdToken(provider, { role: ['team-web'] }, { id_token: idToken });
      }, config);

    await expect(forged()).rejects.toMatchObject({ message: expect.stringContaining('the ID token proves nothing') });
    await expect(other()).rejects.toMatchObject({
      message: expect.stringContaining(
        'it is about another user: its subject (sub) is "id-of-alice", expected "id-of-bob"',
      ),
    });
  });

  it('is not used in place of an ID token that the configuration requires', async () => {
    for (const from of [undefined, 'auto', 'id-token', ['userinfo', 'id-token']]) {
      const claims = { groups: 'role', ...(from === undefined ? {} : { from }) };
      const outcome = attempt((provider) => withoutIdToken(provider, { role: ['team-web'] }), { claims });

      await expect(outcome).rejects.toMatchObject({
        message: expect.stringMatching(/no ID token.*set claims\.from to userinfo/),
      });
    }
  });

  it('must be about the user that another source without an ID token names', async () => {
    const outcome = attempt(
      (provider) => {
        provider.answer('discovery', provider.metadata({ introspection_endpoint: `${provider.issuer}/introspection` }));
        withoutIdToken(provider, {});
        provider.answer('introspection', { body: { active: true, sub: 'id-of-bob', role: ['admins'] } });
      },
      { claims: { from: ['userinfo', 'introspection'], groups: 'role' } },
    );

    await expect(outcome).rejects.toMatchObject({
      message: expect.stringMatching(
        /introspection endpoint .* about another user.*"id-of-bob", expected "id-of-alice"/,
      ),
    });
  });
});

describe('userinfo that is a signed token', () => {
  const claims = { sub: 'id-of-alice', preferred_username: 'alice', groups: ['team-web'] };
  const signed = (body: (provider: ScriptedProvider) => string) => (provider: ScriptedProvider) => {
    withoutIdToken(provider, {});
    provider.answer('userinfo', { headers: JWT, body: body(provider) } satisfies Answer);
  };
  const config = { claims: { from: 'userinfo' } };

  it.each<[string, (provider: ScriptedProvider) => string]>([
    ['has only claims about the user', (provider) => provider.sign(claims)],
    ['is for this client', (provider) => provider.sign({ ...provider.claims(), aud: ['registry'] })],
  ])('logs the user in when it %s', async (_what, body) => {
    expect(await attempt(signed(body), config)).toMatchObject(ALICE);
  });

  it.each<[string, (provider: ScriptedProvider) => string, RegExp]>([
    ['is signed with another key', (provider) => provider.sign(claims, FOREIGN_KEY), /signature was not made/],
    ['is not signed', (provider) => provider.unsigned(claims), /algorithm \(alg\) is "none"/],
    ['is signed with the public key', (provider) => provider.signWithPublicKey(claims), /algorithm \(alg\) is "HS256"/],
    ['is for another client', (provider) => provider.sign({ ...claims, aud: 'b' }), /audience \(aud\) is "b"/],
    [
      'is of another issuer',
      (provider) => provider.sign({ ...claims, iss: 'https://evil.example' }),
      /issuer \(iss\) is/,
    ],
    ['has ended', (provider) => provider.sign({ ...claims, exp: 1 }), /it ended at 1/],
    ['is no token', () => 'a.b', /neither a JSON object nor a token/],
  ])('fails the login when it %s', async (_what, body, message) => {
    await expect(attempt(signed(body), config)).rejects.toMatchObject({
      ...INVALID,
      message: expect.stringMatching(message),
    });
  });
});

describe('claims of an ID token', () => {
  it('may have additional audiences of the configuration, and no others', async () => {
    const audiences = ['registry', 'https://idcs.example.com'];
    const script = (provider: ScriptedProvider): void => answerWith(provider, { aud: audiences });

    expect(await attempt(script, { additionalAudiences: ['https://idcs.example.com'] })).toMatchObject(ALICE);
    await expect(attempt(script)).rejects.toMatchObject({
      message: expect.stringContaining('add "https://idcs.example.com" to additionalAudiences'),
    });
  });

  it.each<[string, Changes, Changes]>([
    ['in objects of a list', { groups: [{ groupId: 'team-web', type: 1 }] }, { groups: 'groups[].groupId' }],
    ['in the names of an object', { groups: { 'team-web': { org: 'x' } } }, { groups: 'groups{}' }],
    ['in an object', { realm_access: { roles: ['team-web'] } }, { groups: 'realm_access.roles' }],
    ['in a text with commas', { groups: 'team-web,' }, { groupText: 'comma-separated' }],
    ['in JSON in a text', { groups: '["team-web"]' }, { groupText: 'json' }],
  ])('give groups %s', async (_where, changes, claims) => {
    const outcome = await attempt((provider) => answerWith(provider, { groups: undefined, ...changes }), { claims });

    expect(outcome).toMatchObject(ALICE);
  });
});

describe('an internal address in addition to the issuer', () => {
  const [ALICE_OF_PROVIDER] = PEOPLE;

  it('is where metadata, keys and tokens are requested, while tokens name the issuer', async () => {
    await using provider = await startOpenIdProvider({ issuer: 'https://id.example.test', groupsInUserinfoOnly: true });
    const { issuer, address: internalUrl, clientSecret } = provider;
    await using backend = await createOidcBackend({ issuer, clientSecret, config: { internalUrl } });

    const outcome = await login(backend, ALICE_OF_PROVIDER.username, ALICE_OF_PROVIDER.password);

    expect(outcome).toMatchObject({ kind: 'authenticated', identity: { groups: new Set(['team-web']) } });
    expect(new Set(provider.calls().map(({ path }) => path))).toEqual(
      new Set(['/.well-known/openid-configuration', '/token', '/jwks', '/me']),
    );
  });

  it('is also where endpoints are that the metadata name at the issuer', async () => {
    await using provider = await startScriptedProvider();
    const issuer = 'https://id.example.test/realms/corp';
    const at = (path: string): string => `${issuer}/${path}`;
    const endpoints = { issuer, token_endpoint: at('token'), jwks_uri: at('jwks'), userinfo_endpoint: at('userinfo') };
    provider.answer('discovery', provider.metadata(endpoints));
    provider.answer('token', provider.tokens(provider.sign(provider.claims({ iss: issuer }))));
    await using backend = await createOidcBackend({ issuer, config: { internalUrl: provider.issuer } });

    expect(await login(backend, 'alice', PASSWORD)).toMatchObject(ALICE);
    expect(provider.calls()).toEqual(['discovery', 'token', 'jwks']);
  });

  it('must serve the metadata of the issuer, and gets no password otherwise', async () => {
    await using provider = await startScriptedProvider();
    const config = { internalUrl: provider.issuer };
    const log = recordingLog();
    await using backend = await createOidcBackend({ issuer: 'https://id.example.test', config, log });

    const message = `name the issuer "${provider.issuer}", expected "https://id.example.test"`;
    await expect(login(backend, 'alice', PASSWORD)).rejects.toMatchObject({
      message: expect.stringContaining(message),
    });
    expect(await backend.probe(deadlineIn(realClock, 2000))).toMatchObject({
      state: 'down',
      detail: expect.stringContaining(message),
    });
    expect(provider.calls()).not.toContain('token');
    expect(inspect(log.lines, { depth: Infinity })).not.toContain(PASSWORD);
  });
});
