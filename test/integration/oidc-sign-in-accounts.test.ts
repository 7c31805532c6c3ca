/** Accounts of people who sign in with a browser, checked afterwards: with a refresh token at a real provider, and at Graph. */
import { describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { recordingLog } from '../support/fakes.ts';
import type { LogLine } from '../support/fakes.ts';
import { startGraph } from '../support/graph.ts';
import type { GraphStandIn } from '../support/graph.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import type { OpenIdProvider, OpenIdProviderOptions, Person } from '../support/openid-provider.ts';
import { createSignInBackend, signInClient } from '../support/sign-in-backend.ts';
import {
  accountRecords,
  ageChecks,
  REDIRECT_URI,
  revalidateAlone,
  signInAlone,
} from '../support/sign-in-without-console.ts';

const MINUTE = 60;
const OID = '11111111-2222-4333-8444-555555555555';
const WEB = 'aaaaaaaa-bbbb-4ccc-8ddd-000000000001';
const API = 'aaaaaaaa-bbbb-4ccc-8ddd-000000000002';

const alice = (groups: readonly string[], claims: Person['claims'] = {}): Person => ({
  username: 'alice',
  password: 'not-used-here',
  groups,
  claims,
});

function startProvider(people: readonly Person[], more: OpenIdProviderOptions = {}): Promise<OpenIdProvider> {
  const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials'];
  const client = { ...signInClient(REDIRECT_URI), grant_types: grantTypes };
  return startOpenIdProvider({ people, atBrowser: () => 'alice', client, ...more });
}

interface BackendParts {
  readonly records?: ReturnType<typeof accountRecords>;
  readonly log?: ReturnType<typeof recordingLog>;
}

async function over(
  { issuer, clientSecret }: OpenIdProvider,
  config: Readonly<Record<string, unknown>>,
  { records = accountRecords(), log = recordingLog() }: BackendParts = {},
): Promise<Authenticator> {
  const common = { issuer, clientSecret: () => clientSecret, ...records, log, config };
  return (await createSignInBackend(common)).authenticator;
}

describe('accounts from a refresh token of oidc-provider', () => {
  const config = { accounts: { from: 'refresh-token' } };
  const redeemed = (provider: OpenIdProvider) =>
    provider.requests().filter(({ grantType }) => grantType === 'refresh_token').length;

  it('have their current groups, and stay valid although each token is used once', async () => {
    const people = [alice(['team-web'])];
    await using provider = await startProvider(people, { rotatesRefreshTokens: true });
    const records = accountRecords();
    await using sso = await over(provider, config, { records });
    const signedIn = await signInAlone(sso);
    const first = await revalidateAlone(sso, signedIn);
    people[0] = alice(['team-api']);

    const checks = [];
    for (let count = 0; count < 2; count += 1) {
      await ageChecks(records.accounts, 15 * MINUTE);
      checks.push(await revalidateAlone(sso, signedIn));
    }

    expect(first).toMatchObject({ identity: { username: 'alice', groups: new Set(['team-web']) } });
    const moved = { identity: { groups: new Set(['team-api']) } };
    expect(checks).toMatchObject([moved, moved]);
    expect(redeemed(provider)).toBe(2);
  });

  it('are checked once, however many brokers and requests there are', async () => {
    await using provider = await startProvider([alice(['team-web'])], { rotatesRefreshTokens: true });
    const records = accountRecords();
    await using one = await over(provider, config, { records });
    await using two = await over(provider, config, { records });
    const signedIn = await signInAlone(one);
    // The last answer is too old to be used in the meantime.
    await ageChecks(records.accounts, 120 * MINUTE);

    const together = Array.from({ length: 4 }, () => [revalidateAlone(one, signedIn), revalidateAlone(two, signedIn)]);
    const outcomes = await Promise.all(together.flat());

    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(8).fill('authenticated'));
    expect(redeemed(provider)).toBe(1);
  });

  it('fall asleep when the account is gone, and wake at the next sign-in', async () => {
    const people = [alice(['team-web'])];
    await using provider = await startProvider(people);
    const records = accountRecords();
    await using sso = await over(provider, config, { records });
    const signedIn = await signInAlone(sso);
    await ageChecks(records.accounts, 15 * MINUTE);
    people.pop();
    const gone = await revalidateAlone(sso, signedIn);
    people.push(alice(['team-web']));
    const stillAsleep = await revalidateAlone(sso, signedIn);
    await signInAlone(sso);

    expect([gone, stillAsleep]).toMatchObject([{ reason: 'sign-in-due' }, { reason: 'sign-in-due' }]);
    expect(await revalidateAlone(sso, signedIn)).toMatchObject({ kind: 'authenticated' });
  });

  it('are as of the last check for an hour while the provider is down, and 503 after that', async () => {
    const provider = await startProvider([alice(['team-web'])]);
    const records = accountRecords();
    await using sso = await over(provider, config, { records });
    const signedIn = await signInAlone(sso);
    await provider.stop();
    await ageChecks(records.accounts, 15 * MINUTE);
    const soon = await revalidateAlone(sso, signedIn);
    await ageChecks(records.accounts, 45 * MINUTE);

    expect(soon).toMatchObject({ kind: 'authenticated' });
    await expect(revalidateAlone(sso, signedIn)).rejects.toMatchObject({ code: 'backend_unavailable' });
  });

  it('cannot be checked while the provider refuses the secret of the broker: that is nobody’s end', async () => {
    const people = [alice(['team-web'])];
    await using provider = await startProvider(people);
    const records = accountRecords();
    await using sso = await over(provider, config, { records });
    await using wrong = await over({ ...provider, clientSecret: 'another-secret' }, config, { records });
    const signedIn = await signInAlone(sso);
    await ageChecks(records.accounts, 120 * MINUTE);

    await expect(revalidateAlone(wrong, signedIn)).rejects.toMatchObject({ code: 'backend_unavailable' });
    expect((await records.accounts.list())[0]?.value.refresh).toBeDefined();
  });

  it('are not offered when the provider gives no refresh token', async () => {
    const client = { ...signInClient(REDIRECT_URI), grant_types: ['authorization_code'] };
    await using provider = await startProvider([alice([])], { client });
    const log = recordingLog();
    await using sso = await over(provider, config, { log });

    await expect(signInAlone(sso)).rejects.toMatchObject({
      message: expect.stringContaining('sends no refresh token'),
    });
    expect(log.lines).toMatchObject([{ level: 'error' } satisfies Partial<LogLine>]);
  });
});

describe('accounts from Microsoft Graph (a stand-in for it)', () => {
  interface World extends AsyncDisposable {
    readonly graph: GraphStandIn;
    readonly sso: Authenticator;
    readonly log: ReturnType<typeof recordingLog>;
    /** The groups at Graph, by object id. */
    readonly members: Record<string, readonly string[]>;
  }

  async function openWorld(claims: Person['claims'] = {}): Promise<World> {
    const resources = new AsyncDisposableStack();
    const provider = resources.use(await startProvider([alice([WEB], { oid: OID, ...claims })]));
    const members: Record<string, readonly string[]> = { [OID]: [WEB] };
    const isToken = (token: string): boolean => provider.isClientToken(token);
    const graph = resources.use(await startGraph({ members, pageSize: 100, isToken }));
    const log = recordingLog();
    const config = { preset: 'entra', claims: { graphUrl: graph.url }, accounts: { from: 'graph' } };
    const sso = resources.use(await over(provider, config, { log }));
    return { graph, sso, log, members, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  }

  it('have their current groups, are refused once disabled or deleted, and come back when enabled', async () => {
    await using world = await openWorld();
    const { graph, sso, members } = world;
    const signedIn = await signInAlone(sso);
    const outcomes = [await revalidateAlone(sso, signedIn)];
    const next = async () => {
      sso.clearCaches?.();
      outcomes.push(await revalidateAlone(sso, signedIn));
    };
    members[OID] = [WEB, API];
    await next();
    graph.disable(OID, true);
    await next();
    graph.disable(OID, false);
    await next();
    delete members[OID];
    await next();

    expect(outcomes).toMatchObject([
      { identity: { username: 'alice', groups: new Set([WEB]) } },
      { identity: { groups: new Set([WEB, API]) } },
      { kind: 'rejected', reason: 'disabled' },
      { kind: 'authenticated' },
      { kind: 'unknown-user' },
    ]);
    const attributes = outcomes.map((outcome) =>
      outcome.kind === 'authenticated' ? outcome.identity.attributes.get('claim:groups') : undefined,
    );
    expect(attributes).toEqual([[WEB], [WEB, API], undefined, [WEB, API], undefined]);
  });

  it('are asked for once, with the token of the broker, while an answer is recent', async () => {
    await using world = await openWorld();
    const { graph, sso } = world;
    const signedIn = await signInAlone(sso);
    const before = graph.calls().length;

    await Promise.all([revalidateAlone(sso, signedIn), revalidateAlone(sso, signedIn)]);
    await revalidateAlone(sso, signedIn);

    expect(graph.calls().slice(before)).toEqual([
      `GET /v1.0/users/${OID}?$select=id,accountEnabled,userPrincipalName`,
      `POST /v1.0/users/${OID}/getMemberObjects`,
    ]);
  });

  it('cannot be checked when Graph does not answer, refuses the broker, or says nothing about this account', async () => {
    const answers: readonly (readonly [number, unknown, RegExp])[] = [
      [503, {}, /Microsoft Graph answered 503/],
      [403, { error: { code: 'Authorization_RequestDenied' } }, /User\.Read\.All/],
      [200, { id: OID, userPrincipalName: 'a@example.com' }, /whether the account is enabled/],
      [200, { id: WEB, accountEnabled: true, userPrincipalName: 'a' }, /whether the account is enabled/],
      // Of a proxy: Graph itself says in JSON that it has no such user.
      [404, '<html></html>', /answered 404/],
    ];
    await using world = await openWorld();
    const signedIn = await signInAlone(world.sso);

    for (const [status, body, message] of answers) {
      world.graph.answer(status, body);
      await expect(revalidateAlone(world.sso, signedIn)).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringMatching(message),
      });
    }
    expect(new Set(world.log.lines.map(({ message }) => message))).toEqual(
      new Set(['account at Microsoft Graph not read']),
    );
  });

  it('are asleep after a change of the name, which may belong to somebody else now', async () => {
    await using world = await openWorld();
    const signedIn = await signInAlone(world.sso);
    world.graph.rename(OID, 'alice.married@example.com');
    const renamed = await revalidateAlone(world.sso, signedIn);
    await signInAlone(world.sso);

    expect(renamed).toMatchObject({ kind: 'rejected', reason: 'sign-in-due' });
    expect(await revalidateAlone(world.sso, signedIn)).toMatchObject({ kind: 'authenticated' });
  });

  it('sign nobody in whose account is disabled there', async () => {
    await using world = await openWorld();
    world.graph.disable(OID, true);

    expect(await signInAlone(world.sso)).toMatchObject({
      kind: 'cancelled',
      detail: expect.stringMatching(/disabled/),
    });
  });

  it('sign nobody in whose token names groups in another form than Graph', async () => {
    await using world = await openWorld({ groups: ['CORP\\contractors'] });

    await expect(signInAlone(world.sso)).rejects.toMatchObject({
      message: expect.stringMatching(/accounts\.from does not find/),
    });
  });

  it('sign nobody in without an object id in the token', async () => {
    await using world = await openWorld({ oid: undefined });

    await expect(signInAlone(world.sso)).rejects.toMatchObject({ message: expect.stringMatching(/no claim oid/) });
  });
});
