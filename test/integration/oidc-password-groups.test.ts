/** Where groups come from, and what happens where a provider does not list all of them. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { recordingLog } from '../support/fakes.ts';
import { startGraph } from '../support/graph.ts';
import { createOidcBackend, login } from '../support/oidc-backend.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import type { OpenIdProvider, OpenIdProviderOptions } from '../support/openid-provider.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';

const PASSWORD = 'erin-knows-this-4';
const OID = '11111111-2222-4333-8444-555555555555';
const GUIDS = Array.from({ length: 230 }, (_, index) => `aaaaaaaa-bbbb-4ccc-8ddd-${String(index).padStart(12, '0')}`);

/** A provider that gives these claims to erin; a claim that is undefined is not there. */
function startWith(claims: Readonly<Record<string, unknown>>, options: OpenIdProviderOptions = {}) {
  const person = { username: 'erin', password: PASSWORD, groups: [], claims: { groups: undefined, ...claims } };
  return startOpenIdProvider({ people: [person], ...options });
}

function over({ issuer, clientSecret }: OpenIdProvider, config: object, log = recordingLog()): Promise<Authenticator> {
  return createOidcBackend({ issuer, clientSecret, log, config: { ...config } });
}

const enter = (backend: Authenticator) => login(backend, 'erin', PASSWORD);

function groupsOf(outcome: AuthnOutcome): readonly string[] {
  if (outcome.kind !== 'authenticated') throw new Error(`expected authenticated, found ${inspect(outcome)}`);
  return [...outcome.identity.groups];
}

describe('acceptance 18: groups over oidc-provider', () => {
  it.each<[string, Readonly<Record<string, unknown>>, object, readonly string[]]>([
    ['paths', { groups: ['/a/b', '/c'] }, {}, ['/a/b', '/c']],
    ['paths, by the preset keycloak', { groups: ['/a/b', '/c'] }, { preset: 'keycloak' }, ['a/b', 'c']],
    ['paths as they are', { groups: ['/a/b'] }, { preset: 'keycloak', claims: { groupPrefix: '' } }, ['/a/b']],
    ['roles of a realm', { realm_access: { roles: ['x'] } }, { claims: { groups: '/realm_access/roles' } }, ['x']],
    [
      'roles of a client',
      { resource_access: { 'my/app': { roles: ['x', 'y'] } } },
      { claims: { groups: '/resource_access/my~1app/roles' } },
      ['x', 'y'],
    ],
    ['a text instead of a list', { groups: 'team-web' }, {}, ['team-web']],
    ['an empty list', { groups: [] }, {}, []],
  ])('come as %s', async (_what, claims, config, groups) => {
    await using provider = await startWith(claims);
    await using backend = await over(provider, config);

    expect(groupsOf(await enter(backend))).toEqual(groups);
  });

  it('come from userinfo where the ID token has none', async () => {
    await using provider = await startWith({ groups: ['team-web'] }, { groupsInUserinfoOnly: true });
    await using backend = await over(provider, {});

    expect(groupsOf(await enter(backend))).toEqual(['team-web']);
    expect(provider.calls().map(({ path }) => path)).toContain('/me');
  });

  it('come from introspection where the configuration says so, and the sources before it have none', async () => {
    const introspection = { groups: ['from-introspection'] };
    await using provider = await startWith({}, { introspection });
    await using richer = await startWith({ groups: ['from-id-token'] }, { introspection });
    const claims = { from: ['id-token', 'introspection'] };
    await using backend = await over(provider, { claims });
    await using before = await over(richer, { claims });

    expect(groupsOf(await enter(backend))).toEqual(['from-introspection']);
    expect(groupsOf(await enter(before))).toEqual(['from-id-token']);
    expect(richer.calls().map(({ path }) => path)).not.toContain('/token/introspection');
  });

  it.each([99, 100, 101])('that Okta may have cut off, %i of them, are none to go by', async (count) => {
    const log = recordingLog();
    await using provider = await startWith({ groups: GUIDS.slice(0, count) });
    await using backend = await over(provider, { preset: 'okta' }, log);

    const outcome = await enter(backend).catch((error: unknown) => error);

    if (count < 100) return expect(groupsOf(outcome as AuthnOutcome)).toHaveLength(count);
    expect(outcome).toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(new RegExp(`lists ${count} groups.*may have left out more.*fewer than 100`)),
    });
    expect(log.lines).toMatchObject([{ level: 'error', fields: { backend: 'sso' } }]);
  });
});

describe('acceptance 18: groups that Entra ID leaves out', () => {
  const MARKS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['_claim_names', { _claim_names: { groups: 'src1' } }],
    ['hasgroups', { hasgroups: true }],
  ];

  const graphOver = (provider: OpenIdProvider, members = { [OID]: GUIDS }) =>
    startGraph({ members, pageSize: 100, isToken: (token) => provider.isClientToken(token) });
  const entra = (graphUrl: string) => ({ preset: 'entra', claims: { graphUrl } });

  it.each(MARKS)(
    'and marks by %s come from Graph, page by page, and from no address in the token',
    async (_m, mark) => {
      await using trap = await startTcpStandIn();
      const endpoint = `http://127.0.0.1:${trap.port}/users/${OID}/getMemberObjects`;
      await using provider = await startWith({ oid: OID, _claim_sources: { src1: { endpoint } }, ...mark });
      await using graph = await graphOver(provider);
      await using backend = await over(provider, entra(graph.url));

      const outcomes = [await enter(backend), await enter(backend)];

      expect(outcomes.map(groupsOf)).toEqual([GUIDS, GUIDS]);
      const path = `/v1.0/users/${OID}/getMemberObjects`;
      const once = [`POST ${path}`, `GET ${path}?$skiptoken=100`, `GET ${path}?$skiptoken=200`];
      expect(graph.calls()).toEqual([...once, ...once]);
      expect(provider.requests().filter(({ grantType }) => grantType === 'client_credentials')).toHaveLength(1);
      expect(trap.connections()).toBe(0);
    },
  );

  it('are not asked for where the token lists groups, or has none to list', async () => {
    await using listing = await startWith({ oid: OID, groups: ['aaaa'] });
    await using silent = await startWith({ oid: OID });
    await using graph = await graphOver(listing);

    for (const [provider, groups] of [[listing, ['aaaa']] as const, [silent, []] as const]) {
      await using backend = await over(provider, entra(graph.url));
      expect(groupsOf(await enter(backend))).toEqual(groups);
    }
    expect(graph.calls()).toEqual([]);
  });

  it('are never read as none where Graph is not configured', async () => {
    await using provider = await startWith({ oid: OID, hasgroups: true });
    await using backend = await over(provider, {});

    await expect(enter(backend)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/too many groups.*only the groups assigned to this client/),
    });
  });

  it.each<[string, number, unknown, RegExp]>([
    ['refuses', 403, { error: { code: 'Authorization_RequestDenied' } }, /answered 403: give the application perm/],
    ['is broken', 500, {}, /answered 500$/],
    ['sends elsewhere', 302, '', /answered 302$/],
    ['answers in HTML', 200, '<html></html>', /Graph gave an answer that cannot be used: it is no JSON object/],
    ['gives no list', 200, { value: 'all' }, /without a list of ids/],
    ['gives too many', 200, { value: Array.from({ length: 1001 }, String) }, /more than 1000/],
  ])('are never read as none when Graph %s', async (_what, status, body, message) => {
    const log = recordingLog();
    await using provider = await startWith({ oid: OID, hasgroups: true });
    await using graph = await graphOver(provider);
    graph.answer(status, body);
    await using backend = await over(provider, entra(graph.url), log);

    await expect(enter(backend)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(message),
    });
    expect(log.lines).toMatchObject([{ level: 'error', message: expect.stringContaining('Microsoft Graph') }]);
  });

  it('keep what Graph says about coming back', async () => {
    await using provider = await startWith({ oid: OID, hasgroups: true });
    await using graph = await graphOver(provider);
    graph.answer(429, {}, { 'retry-after': '11' });
    await using backend = await over(provider, entra(graph.url));

    await expect(enter(backend)).rejects.toMatchObject({ code: 'backend_unavailable', retryAfter: 11 });
  });

  it.each([
    ['another host', (port: number) => `http://127.0.0.1:${port}/v1.0/more`],
    ['an address that is none', () => 'more'],
  ])('are not fetched from %s, though a page names it', async (_what, link) => {
    await using trap = await startTcpStandIn();
    await using provider = await startWith({ oid: OID, hasgroups: true });
    await using graph = await graphOver(provider);
    graph.pointTo(link(trap.port));
    await using backend = await over(provider, entra(graph.url));

    await expect(enter(backend)).rejects.toMatchObject({ message: expect.stringMatching(/not below its own/) });
    expect(trap.connections()).toBe(0);
  });

  it('are given up after twenty pages', async () => {
    await using provider = await startWith({ oid: OID, hasgroups: true });
    await using graph = await graphOver(provider, { [OID]: ['a'] });
    graph.pointTo(`${graph.url}/users/${OID}/getMemberObjects?$skiptoken=1`);
    await using backend = await over(provider, entra(graph.url));

    await expect(enter(backend)).rejects.toMatchObject({ message: expect.stringMatching(/more than 20 pages/) });
    expect(graph.calls()).toHaveLength(20);
  });

  it.each([undefined, '../../me', 7])('are not asked for by the object id %s', async (oid) => {
    await using provider = await startWith({ oid, hasgroups: true });
    await using graph = await graphOver(provider);
    await using backend = await over(provider, entra(graph.url));

    await expect(enter(backend)).rejects.toMatchObject({ message: expect.stringMatching(/no claim oid/) });
    expect(graph.calls()).toEqual([]);
  });

  it('are asked for anew after Graph has refused the token', async () => {
    await using provider = await startWith({ oid: OID, hasgroups: true });
    let good = true;
    await using graph = await startGraph({ members: { [OID]: ['a'] }, pageSize: 9, isToken: () => good });
    await using backend = await over(provider, entra(graph.url));
    await enter(backend);
    good = false;
    await expect(enter(backend)).rejects.toMatchObject({ message: expect.stringMatching(/answered 401/) });
    good = true;

    expect(groupsOf(await enter(backend))).toEqual(['a']);
    expect(provider.requests().filter(({ grantType }) => grantType === 'client_credentials')).toHaveLength(2);
  });
});
