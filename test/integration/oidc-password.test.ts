/** The password grant against a real provider, over http on loopback and over https with a private authority. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { readFile, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { authenticatorContract } from '../contract/authenticator.ts';
import type { ContractSubject } from '../contract/authenticator.ts';
import { outageContract } from '../contract/outages.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { OPENSSL } from '../support/loopback-certificate.ts';
import { createOidcBackend, login, oidcTraits } from '../support/oidc-backend.ts';
import type { BackendOptions } from '../support/oidc-backend.ts';
import { PEOPLE, startOpenIdProvider } from '../support/openid-provider.ts';
import type { OpenIdProvider } from '../support/openid-provider.ts';
import { startOutageProxy } from '../support/outage-proxy.ts';
import { findPart } from '../support/parts.ts';

const [ALICE, BOB, CAROL] = PEOPLE;
const hasOpenssl = findPart(OPENSSL) !== undefined;

function over(provider: OpenIdProvider, options: Partial<BackendOptions> = {}): Promise<Authenticator> {
  return createOidcBackend({ issuer: provider.issuer, clientSecret: provider.clientSecret, ...options });
}

function groupsOf(outcome: AuthnOutcome): readonly string[] {
  if (outcome.kind !== 'authenticated') throw new Error(`expected authenticated, found ${inspect(outcome)}`);
  return [...outcome.identity.groups];
}

function subject(provider: OpenIdProvider): ContractSubject {
  const options = {
    issuer: provider.issuer,
    clientSecret: provider.clientSecret,
    ...(provider.caFile === undefined ? {} : { config: { caFile: provider.caFile } }),
  };
  return {
    create: (deps) => createOidcBackend({ ...options, ...deps }),
    traits: oidcTraits(options),
    known: ALICE,
    other: BOB,
    attempts: () => provider.requests().length,
  };
}

authenticatorContract('oidc-password over http', async (resources) =>
  subject(resources.use(await startOpenIdProvider())),
);

outageContract('oidc-password', async (resources) => {
  let port = 0;
  const outages = resources.use(await startOutageProxy(() => port));
  const provider = resources.use(await startOpenIdProvider({ publicPort: outages.port }));
  ({ port } = provider);
  return { ...subject(provider), outages };
});

describe.skipIf(!hasOpenssl)('oidc-password with a private authority', () => {
  authenticatorContract('oidc-password over https', async (resources) => {
    return subject(resources.use(await startOpenIdProvider({ tls: true })));
  });

  it('fails instead of sending a password to a server whose authority it does not know', async () => {
    await using provider = await startOpenIdProvider({ tls: true });
    await using backend = await over(provider);

    const attempt = login(backend, ALICE.username, ALICE.password);

    await expect(attempt).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/CERT|VERIFY|certificate/i),
    });
    expect(provider.calls()).toEqual([]);
  });

  it('trusts another authority once the file holds it and has been read again', async () => {
    await using former = await startOpenIdProvider({ tls: true });
    const caFile = former.caFile ?? '';
    await using provider = await startOpenIdProvider({ tls: true });
    await using backend = await over(provider, { config: { caFile } });
    await expect(login(backend, ALICE.username, ALICE.password)).rejects.toMatchObject({ code: 'backend_unavailable' });

    await writeFile(caFile, await readFile(provider.caFile ?? ''));
    await backend.reload?.();

    expect((await login(backend, ALICE.username, ALICE.password)).kind).toBe('authenticated');
    expect(backend.watches).toEqual([caFile]);
  });

  it('keeps the authorities it has when the file has become unreadable', async () => {
    await using provider = await startOpenIdProvider({ tls: true });
    await using backend = await over(provider, { config: { caFile: provider.caFile } });

    await writeFile(provider.caFile ?? '', 'no certificate');

    await expect(backend.reload?.()).rejects.toThrow(`${provider.caFile}: expected certificates in PEM`);
    expect((await login(backend, ALICE.username, ALICE.password)).kind).toBe('authenticated');
  });

  it('names the file when there is no authority in it', async () => {
    const attempt = createOidcBackend({ issuer: 'https://127.0.0.1', config: { caFile: '/dev/null' } });

    await expect(attempt).rejects.toThrow('/dev/null: expected certificates in PEM');
  });
});

describe('acceptance 17: oidc-password over oidc-provider', () => {
  it.each(['client_secret_basic', 'client_secret_post', 'none'] as const)(
    'authenticates the client by %s',
    async (method) => {
      await using provider = await startOpenIdProvider({ clientAuthentication: method });
      const clientSecret = method === 'none' ? undefined : provider.clientSecret;
      await using backend = await over(provider, { clientSecret, client: { authentication: method } });

      const outcome = await login(backend, ALICE.username, ALICE.password);

      expect(outcome.kind).toBe('authenticated');
    },
  );

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'sends every character of a secret by %s',
    async (method) => {
      const clientSecret = `a b+c%41&d=e:f/g?h#i"j~k*l-m_n.o!p'(q)`;
      await using provider = await startOpenIdProvider({ clientAuthentication: method, clientSecret });
      await using backend = await over(provider, { client: { authentication: method } });

      const outcome = await login(backend, ALICE.username, ALICE.password);

      expect(outcome.kind).toBe('authenticated');
    },
  );

  it.each(['jösé+x&y=z', 'a b', '漢字', "o'neil;--"])('sends name and password %s as they are typed', async (text) => {
    await using provider = await startOpenIdProvider({
      people: [{ username: text, password: `p ${text}`, groups: [] }],
    });
    await using backend = await over(provider);

    const outcome = await login(backend, text, `p ${text}`);

    expect(outcome).toMatchObject({ identity: { username: text } });
  });

  it('asks userinfo for groups the ID token lacks', async () => {
    await using provider = await startOpenIdProvider({ groupsInUserinfoOnly: true });
    await using backend = await over(provider);

    const outcome = await login(backend, ALICE.username, ALICE.password);

    expect(groupsOf(outcome)).toEqual(['team-web']);
    expect(provider.calls().map(({ path }) => path)).toContain('/me');
  });

  it('does not ask userinfo when the ID token has all, or is the only source configured', async () => {
    await using provider = await startOpenIdProvider();
    await using silent = await startOpenIdProvider({ groupsInUserinfoOnly: true });
    await using backend = await over(provider);
    await using narrow = await over(silent, { config: { claims: { from: 'id-token' } } });

    const outcomes = [
      await login(backend, ALICE.username, ALICE.password),
      await login(narrow, ALICE.username, ALICE.password),
    ];

    expect(outcomes.map(groupsOf)).toEqual([['team-web'], []]);
    expect([...provider.calls(), ...silent.calls()].map(({ path }) => path)).not.toContain('/me');
  });

  it('reads groups by pointer, from several claims, without their prefix and without case', async () => {
    const erin = {
      username: 'Erin',
      password: 'erin-knows-this-4',
      groups: ['/Team-Web', '/a/b'],
      claims: { realm_access: { roles: ['Auditor'] }, tenant: 'North' },
    };
    await using provider = await startOpenIdProvider({ people: [erin] });
    const claims = { groups: ['groups', '/realm_access/roles'], groupPrefix: '/' };
    await using backend = await over(provider, { config: { claims, lowercase: true } });

    const outcome = await login(backend, 'Erin', erin.password);

    expect(groupsOf(outcome)).toEqual(['team-web', 'a/b', 'auditor']);
    expect(outcome).toMatchObject({ identity: { username: 'erin', caseless: true } });
  });

  it('gives a user without groups none, and their claims as attributes', async () => {
    await using provider = await startOpenIdProvider();
    await using backend = await over(provider);

    const outcome = await login(backend, CAROL.username, CAROL.password);

    if (outcome.kind !== 'authenticated') throw new Error(inspect(outcome));
    expect(outcome.identity).toMatchObject({ username: 'carol', backend: 'sso', caseless: false, groups: new Set() });
    expect(outcome.identity.attributes.get('claim:name')).toEqual(['carol of the tests']);
    expect(outcome.identity.attributes.get('claim:sub')).toEqual(['id-of-carol']);
    expect(outcome.identity.attributes.has('claim:iat')).toBe(false);
  });

  it.each([
    ['an empty password', 'alice', '', 'empty-password'],
    ['NUL in a password', 'alice', 'a\0b', 'wrong-password'],
    ['half a surrogate pair in a password', 'alice', 'a\uD800', 'wrong-password'],
    ['a password of 2000 characters', 'alice', 'x'.repeat(2000), 'wrong-password'],
    ['an empty name', '', 'right', 'invalid-name'],
    ['NUL in a name', 'alice\0', 'right', 'invalid-name'],
    ['a name of 300 characters', 'a'.repeat(300), 'right', 'invalid-name'],
  ])('rejects %s and sends nothing', async (_what, username, password, reason) => {
    await using provider = await startOpenIdProvider();
    await using backend = await over(provider);

    const outcome = await login(backend, username, password);

    expect(outcome).toEqual({ kind: 'rejected', reason });
    expect(provider.calls()).toEqual([]);
  });

  it('leaves no session behind at the provider, where as many stay as log in if it revokes nothing', async () => {
    await using provider = await startOpenIdProvider();
    await using silent = await startOpenIdProvider({ revocation: false });
    const backends = [await over(provider), await over(silent)];

    for (const backend of backends) {
      for (const { username, password } of PEOPLE) await login(backend, username, password);
      await backend[Symbol.asyncDispose]();
    }

    expect(provider.calls().filter(({ path }) => path === '/token/revocation')).toHaveLength(PEOPLE.length);
    expect([provider.sessions(), silent.sessions()]).toEqual([0, PEOPLE.length]);
  });

  it('logs users in where the provider revokes nothing', async () => {
    await using provider = await startOpenIdProvider({ revocation: false });
    const log = recordingLog();
    const backend = await over(provider, { log });

    const outcome = await login(backend, ALICE.username, ALICE.password);
    await backend[Symbol.asyncDispose]();

    expect(outcome.kind).toBe('authenticated');
    expect(provider.sessions()).toBe(1);
    expect(log.lines).toEqual([]);
  });

  it('waits for revocations before it is closed', async () => {
    await using provider = await startOpenIdProvider();
    const backend = await over(provider);
    await login(backend, ALICE.username, ALICE.password);

    await backend[Symbol.asyncDispose]();

    expect(provider.sessions()).toBe(0);
  });

  it('fails and says what to change when the provider refuses the client secret', async () => {
    await using provider = await startOpenIdProvider();
    const log = recordingLog();
    await using backend = await over(provider, { clientSecret: 'not-the-secret', log });

    const attempt = login(backend, ALICE.username, ALICE.password);

    await expect(attempt).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/invalid_client.*client\.secret/),
    });
    expect(log.lines).toMatchObject([
      { level: 'error', fields: { backend: 'sso', cause: expect.stringMatching(/invalid_client/) } },
    ]);
    expect(inspect(log.lines, { depth: Infinity })).not.toContain('not-the-secret');
  });

  it('fails and says what to change when the provider gives no such user name', async () => {
    await using provider = await startOpenIdProvider();
    await using backend = await over(provider, { config: { claims: { username: 'login' } } });

    const attempt = login(backend, ALICE.username, ALICE.password);

    await expect(attempt).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/has no claim login/),
    });
  });

  it('reaches nothing when it is built, and is down without a provider', async () => {
    const stopped = await startOpenIdProvider();
    await stopped.stop();

    await using backend = await over(stopped);
    const state = await backend.probe(deadlineIn(realClock, 2000));

    expect(state).toMatchObject({ state: 'down', detail: expect.stringContaining('ECONNREFUSED') });
    await expect(login(backend, ALICE.username, ALICE.password)).rejects.toMatchObject({ code: 'backend_unavailable' });
  });

  it('logs users in again with the first login after the provider is back', async () => {
    const first = await startOpenIdProvider();
    await using backend = await over(first);
    const before = await login(backend, ALICE.username, ALICE.password);
    await first.stop();
    const during = login(backend, ALICE.username, ALICE.password);
    await expect(during).rejects.toMatchObject({ code: 'backend_unavailable' });

    await using second = await startOpenIdProvider({ port: first.port });
    const after = await login(backend, ALICE.username, ALICE.password);

    expect(second.requests()).toHaveLength(1);
    expect([before.kind, after.kind]).toEqual(['authenticated', 'authenticated']);
    expect(await backend.probe(deadlineIn(realClock, 2000))).toEqual({ state: 'up' });
  });

  it('asks for metadata and keys once for many logins', async () => {
    await using provider = await startOpenIdProvider();
    await using backend = await over(provider);
    await login(backend, ALICE.username, ALICE.password);

    await Promise.all(Array.from({ length: 20 }, () => login(backend, BOB.username, BOB.password)));

    const paths = provider.calls().map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith('/.well-known'))).toHaveLength(1);
    expect(paths.filter((path) => path === '/jwks')).toHaveLength(1);
    expect(provider.requests()).toHaveLength(21);
  });
});
