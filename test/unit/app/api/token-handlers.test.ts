/** The operations about issued credentials, with their records in a file. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ApiParts } from '../../../../src/app/open-api.ts';
import { openPersonalTokens } from '../../../../src/app/open-personal-tokens.ts';
import { openRecords } from '../../../../src/app/open-records.ts';
import { tokenStoresIn } from '../../../../src/app/token-stores.ts';
import { loadBroker } from '../../../../src/config/load.ts';
import { BrokerError } from '../../../../src/core/errors.ts';
import { encodeIdentity } from '../../../../src/core/identity-record.ts';
import { Secret } from '../../../../src/core/identity.ts';
import type { RefreshToken } from '../../../../src/core/refresh-token.ts';
import type { Session } from '../../../../src/core/session.ts';
import { accountKey } from '../../../../src/core/signed-in-account.ts';
import { systemClock } from '../../../../src/platform/clock.ts';
import { personalTokenSecrets } from '../../../../src/platform/personal-token-secrets.ts';
import { systemTimer } from '../../../../src/platform/timer.ts';
import type { SharedFleet } from '../../../../src/platform/valkey/shared-store.ts';
import { buildBackends } from '../../../../src/app/backends.ts';
import { createSecrets } from '../../../../src/config/secrets.ts';
import { createSecretMarks } from '../../../../src/platform/secret-marks.ts';
import { openTestApi, requestOf } from '../../../support/api.ts';
import type { TestApi } from '../../../support/api.ts';
import { identity } from '../../../support/fake-backend.ts';
import { recordingAudit, recordingLog } from '../../../support/fakes.ts';
import { CONFIG, SERVICE, workspace } from '../../cli/workspace.ts';

const ROBOTS = { 'web-ci': { owner: { groups: ['team-web'] } }, nightly: { owner: { users: ['alice'] } } };
const OFFERED = {
  ...CONFIG,
  services: { [SERVICE]: { refreshTokens: {} } },
  personalTokens: {},
  robots: ROBOTS,
};

const SSO = {
  name: 'sso',
  type: 'oidc-sign-in',
  issuer: 'https://id.example.com',
  client: { id: 'fairlead' },
  accounts: { from: 'sign-in', every: '30d' },
};

interface World extends AsyncDisposable {
  readonly api: TestApi;
  readonly stores: ReturnType<typeof tokenStoresIn>;
}

/** @param others backends that are configured as well */
async function world(
  more: Partial<ApiParts> = {},
  others: readonly Readonly<Record<string, unknown>>[] = [],
): Promise<World> {
  await using resources = new AsyncDisposableStack();
  const files = resources.use(
    await workspace({ 'broker.yaml': JSON.stringify({ ...OFFERED, backends: [...CONFIG.backends, ...others] }) }),
  );
  const { config } = await loadBroker(files.config);
  const { personalTokens } = config;
  if (personalTokens === undefined) throw new Error('personal tokens are configured');
  const [clock, timer, log, audit] = [systemClock, systemTimer, recordingLog(), recordingAudit()];
  const records = resources.use(await openRecords(config, { clock, log }));
  const markSecret = createSecretMarks(join(files.folder, 'state'));
  const backends = await buildBackends(config.backends, { clock, log, secret: createSecrets(), markSecret });
  for (const { authenticator } of backends) resources.use(authenticator);
  const tokens = openPersonalTokens({ ...config, personalTokens }, { backends, clock, timer, audit, records });
  const api = resources.use(
    await openTestApi(files.config, { records, personalTokens: tokens, backends, audit, ...more }),
  );
  const running = resources.move();
  return {
    api: { ...api, audit, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() },
    stores: tokenStoresIn(records, clock),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function refreshToken(username: string, service = SERVICE): RefreshToken {
  const now = systemClock.now();
  const times = { createdAt: now, usedAt: now, expiresAt: now + 600 };
  return {
    service,
    backend: 'local',
    subject: username,
    login: username,
    username,
    client: '192.0.2.7',
    clientId: 'docker',
    ...times,
  };
}

/** @param names the users of the tokens `aaaaaaaaaaaa`, `bbbbbbbbbbbb`, … */
async function putRefreshTokens({ stores }: World, ...names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    await stores.refreshTokens.put('abcdefgh'.charAt(index).repeat(12), refreshToken(name), 600);
  }
}

function sessionOf(name: string, now: number): Session {
  const account = { backend: 'local', subject: name, login: name, username: name };
  const times = { createdAt: now, usedAt: now, expiresAt: now + 600 };
  const person = encodeIdentity({ ...identity(name, 'local'), subject: name });
  return {
    ...account,
    ...times,
    identity: person,
    signedInAt: { backend: 'local' },
    client: '192.0.2.7',
    program: 'Firefox',
  };
}

async function createToken({ api }: World, name: string): Promise<string> {
  const { token } = await api.ask('createPersonalToken', { user: 'alice', name });
  return token;
}

describe('the tokens', () => {
  it('and the sessions are marked where their account is asleep, and those of others are not', async () => {
    await using found = await world({}, [SSO]);
    const { api, stores } = found;
    const now = systemClock.now();
    await putRefreshTokens(found, 'alice');
    await createToken(found, 'laptop');
    for (const [name, lastSignIn] of [
      ['asleep', now - 31 * 86_400],
      ['awake', now],
    ] as const) {
      const [account, times] = [
        { backend: 'sso', subject: name },
        { createdAt: now, expiresAt: now + 600 },
      ];
      const person = encodeIdentity({ ...identity(name, 'sso'), subject: name });
      await stores.accounts.put(accountKey(account), { ...account, identity: person, lastSignIn }, 600);
      await stores.refreshTokens.put(`${name}-refresh`, { ...refreshToken(name), ...account }, 600);
      await stores.sessions.put(`${name}-session`, { ...sessionOf(name, now), ...account }, 600);
      const owner = { kind: 'account', ...account, login: name, username: name } as const;
      await stores.personalTokens.put(`${name}-personal`, { owner, name, createdBy: name, ...times }, 600);
    }

    const { refreshTokens } = await api.ask('listRefreshTokens', {});
    const { personalTokens } = await api.ask('listPersonalTokens', {});
    const { sessions } = await api.ask('listSessions', {});

    for (const listed of [refreshTokens, personalTokens, sessions]) {
      const marked = listed.map(({ user, asleep }) => `${user} ${asleep}`).toSorted();
      expect(marked).toEqual([...(listed === sessions ? [] : ['alice false']), 'asleep true', 'awake false']);
    }
  });

  it('are listed page by page, by the order of their ids, and none is left out when others go', async () => {
    await using found = await world();
    const { api, stores } = found;
    await putRefreshTokens(found, 'alice', 'bob', 'alice', 'carol', 'alice');

    const first = await api.ask('listRefreshTokens', { limit: 2 });
    await stores.refreshTokens.remove('bbbbbbbbbbbb');
    const second = await api.ask('listRefreshTokens', { limit: 2, after: first.next ?? '' });
    const last = await api.ask('listRefreshTokens', { limit: 2, after: second.next ?? '' });
    const ofAlice = await api.ask('listRefreshTokens', { user: 'alice', service: SERVICE });
    const ofNobody = await api.ask('listRefreshTokens', { user: 'alice', service: 'other' });

    const ids = [first, second, last].map(({ refreshTokens }) => refreshTokens.map(({ id }) => id.charAt(0)).join(''));
    expect(ids).toEqual(['ab', 'cd', 'e']);
    expect([first.next, second.next, last.next]).toEqual(['bbbbbbbbbbbb', 'dddddddddddd', null]);
    expect(ofAlice.refreshTokens).toHaveLength(3);
    expect(ofNobody.refreshTokens).toEqual([]);
  });

  it('are made for a user, shown once, and listed without the token', async () => {
    await using found = await world();
    const { api } = found;

    const made = await api.ask('createPersonalToken', {
      user: 'alice',
      name: 'laptop',
      limits: [{ service: SERVICE, repositories: ['web/**'], actions: ['pull'] }],
      api: 'read',
      networks: ['10.0.0.0/8'],
      lifetimeSeconds: 86_400,
    });
    const { personalTokens } = await api.ask('listPersonalTokens', { user: 'alice' });

    expect(made.token).toMatch(/^flp_[0-9A-Za-z]{49}$/);
    expect(personalTokens).toEqual([made.personalToken]);
    expect(made.personalToken).toMatchObject({
      user: 'alice',
      name: 'laptop',
      limits: [{ service: SERVICE, repositories: ['web/**'], actions: ['pull'] }],
      api: 'read',
      networks: ['10.0.0.0/8'],
      createdBy: 'operator',
      usedAt: null,
    });
    expect(JSON.stringify([personalTokens, api.audit.events, api.log.lines])).not.toContain(made.token);
    expect((await api.ask('listPersonalTokens', { robot: 'ci' })).personalTokens).toEqual([]);
  });

  it.each([
    [{ user: 'nobody', name: 'x' }, 409],
    [{ user: 'alice', name: ' x' }, 409],
    [
      { user: 'alice', name: 'x', limits: [{ service: 'other', repositories: ['a'], actions: ['pull' as const] }] },
      409,
    ],
    [{ user: 'alice', name: 'x', backend: 'corp' }, 409],
    [{ user: 'alice', name: 'x', lifetimeSeconds: 0 }, 400],
    [{ user: 'alice', name: '' }, 400],
  ])('are not made for %j', async (order, status) => {
    await using found = await world();

    expect(await found.api.send(requestOf('createPersonalToken', order))).toMatchObject({ status });
    expect((await found.api.ask('listPersonalTokens', {})).personalTokens).toEqual([]);
  });

  it('are revoked by id, user, or all, and the answer names them and what is missing', async () => {
    await using found = await world();
    const { api } = found;
    await putRefreshTokens(found, 'alice', 'bob', 'carol');
    await createToken(found, 'laptop');

    const byId = await api.ask('revokeTokens', { ids: ['aaaaaaaaaaaa', 'no-such-id'] });
    const byUser = await api.ask('revokeTokens', { user: 'bob' });
    const ofService = await api.ask('revokeTokens', { all: true, service: SERVICE });
    const all = await api.ask('revokeTokens', { all: true });
    const none = await api.ask('revokeTokens', { all: true });

    expect(byId).toMatchObject({
      count: 1,
      revoked: [
        { kind: 'refresh-token', id: 'aaaaaaaaaaaa', user: 'alice', backend: 'local', service: SERVICE, name: null },
      ],
      missing: ['no-such-id'],
    });
    expect(byUser.revoked.map(({ user }) => user)).toEqual(['bob']);
    expect(ofService.revoked.map(({ user }) => user)).toEqual(['carol']);
    expect(all.revoked).toMatchObject([{ kind: 'personal-token', name: 'laptop' }]);
    expect(none.count).toBe(0);
    // Also where nothing was in the records: another broker may have removed it just before.
    expect(api.calls.length).toBeGreaterThanOrEqual(5);
    expect(new Set(api.calls)).toEqual(new Set(['revoked']));
    expect(api.audit.events.filter((event) => 'outcome' in event && event.outcome === 'revoked')).toHaveLength(4);
  });

  it('are found in a text that has leaked, and the valid ones end', async () => {
    await using found = await world();
    const { api } = found;
    const token = await createToken(found, 'laptop');
    const damaged = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
    const unknown = personalTokenSecrets.make().reveal();

    const checked = await api.ask('checkLeak', { text: `a ${token} b "${damaged}" c=${unknown}` });
    const again = await api.ask('checkLeak', { text: token });

    expect(checked).toMatchObject({ found: 2, damaged: 1, count: 1, revoked: [{ name: 'laptop' }] });
    expect(again).toMatchObject({ found: 1, damaged: 0, count: 0 });
    expect(JSON.stringify([api.audit.events, api.log.lines])).not.toContain(token);
    expect(await found.stores.personalTokens.get(personalTokenSecrets.digest(new Secret(token)))).toBeUndefined();
  });
});

it('tokens that cannot be revoked are an outage, and those that were revoked before it are not given out again', async () => {
  await using found = await world();
  const { api } = found;
  await putRefreshTokens(found, 'alice');
  const records = api.parts.records;
  if (records === undefined) throw new Error('there are records');
  await using files = await workspace({ 'broker.yaml': JSON.stringify(OFFERED) });
  await using failing = await openTestApi(files.config, {
    records: {
      store: (options) => {
        const store = records.store(options);
        const down = async () => Promise.reject(new BrokerError('records_unavailable', 'the database is down'));
        return options.name === 'personal-tokens' ? { ...store, list: down } : store;
      },
    },
  });

  const answer = await failing.send(requestOf('revokeTokens', { all: true }));

  expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } });
  expect(failing.calls).toEqual(['revoked']);
  expect((await api.ask('listRefreshTokens', {})).refreshTokens).toEqual([]);
});

describe('an account', () => {
  it('ends with everything that was issued for it, and with the cached logins', async () => {
    await using found = await world();
    const { api } = found;
    await putRefreshTokens(found, 'alice', 'bob');
    await createToken(found, 'laptop');

    const ended = await api.ask('endAccount', { user: 'alice' });

    expect(ended).toMatchObject({ count: 2, failed: [], fleet: { complete: true } });
    expect(ended.revoked.map(({ kind }) => kind).toSorted()).toEqual(['personal-token', 'refresh-token']);
    expect(api.calls).toEqual(['revoked', 'end logins']);
    expect((await api.ask('listRefreshTokens', {})).refreshTokens.map(({ user }) => user)).toEqual(['bob']);
  });

  it('of which nothing is known has nothing to end, and the answer names a spelling that has something', async () => {
    await using found = await world();
    const { api } = found;
    await putRefreshTokens(found, 'Bob');

    const wrongCase = await api.ask('endAccount', { user: 'BOB' });
    const unknown = await api.ask('endAccount', { user: 'nobody' });
    const right = await api.ask('endAccount', { user: 'Bob' });

    expect(wrongCase).toMatchObject({
      count: 0,
      hint: 'nobody named "BOB" has tokens or sessions; did you mean "Bob"?',
    });
    expect(unknown.hint).toBe('nobody named "nobody" has tokens or sessions; check the spelling');
    expect(right).toMatchObject({ count: 1, hint: null });
  });

  it('that ends is signed out of its browsers, whose sessions were listed before', async () => {
    await using found = await world();
    const { api, stores } = found;
    const now = systemClock.now();
    for (const name of ['alice', 'bob']) {
      await stores.sessions.put(`${name}-session`, sessionOf(name, now), 600);
    }

    const listed = await api.ask('listSessions', { user: 'alice' });
    const ended = await api.ask('endAccount', { user: 'alice' });
    const left = await api.ask('listSessions', {});

    expect(listed.sessions).toMatchObject([
      { user: 'alice', backend: 'local', program: 'Firefox', client: '192.0.2.7' },
    ]);
    expect(ended).toMatchObject({ count: 1, revoked: [{ kind: 'session', user: 'alice', service: null, name: null }] });
    expect(left.sessions.map(({ user }) => user)).toEqual(['bob']);
  });

  it('that ends takes with it what a program may still redeem', async () => {
    await using found = await world();
    const { api, stores } = found;
    const now = systemClock.now();
    const account = { backend: 'local', subject: 'alice', login: 'alice', username: 'alice', sessionId: 'x' };
    const about = { clientId: 'docker-credential-fairlead', service: SERVICE, expiresAt: now + 600, account };
    const code = { ...about, state: 'unused', redirectUri: 'http://127.0.0.1:1/callback', challenge: 'x' } as const;
    const polled = { interval: 5, polledAt: 0, client: '192.0.2.7', secretDigest: 'x' };
    await stores.codes.put('code', code, 600);
    await stores.deviceRequests.put('request', { ...about, ...polled, state: 'approved' }, 600);

    await api.ask('endAccount', { user: 'bob' });
    const before = [await stores.codes.list(), await stores.deviceRequests.list()];
    await api.ask('endAccount', { user: 'alice' });

    expect(before.map((entries) => entries.length)).toEqual([1, 1]);
    expect([await stores.codes.list(), await stores.deviceRequests.list()]).toEqual([[], []]);
  });

  it('that ends takes its tokens of robots with it, but for robots that belong to groups', async () => {
    await using found = await world();
    const { api } = found;
    for (const robot of ['web-ci', 'nightly'])
      await api.ask('createPersonalToken', { user: 'alice', name: 'ci', robot });

    const made = await api.ask('listPersonalTokens', {});
    const ended = await api.ask('endAccount', { user: 'alice' });
    const left = await api.ask('listPersonalTokens', { robot: 'web-ci' });

    expect(new Set(made.personalTokens.map(({ user, createdFor }) => `${user} ${createdFor}`))).toEqual(
      new Set(['robot:nightly alice', 'robot:web-ci alice']),
    );
    expect(ended.revoked.map(({ user }) => user)).toEqual(['robot:nightly']);
    expect(left.personalTokens).toHaveLength(1);
  });

  it('that ends names the brokers that were not reached', async () => {
    const fleet: SharedFleet = {
      id: 'a',
      name: 'host:1',
      members: () => [],
      unreadable: () => 0,
      down: () => undefined,
      endTokens: async () => undefined,
      reach: async () => ({ reached: [], missed: ['host:2'] }),
    };
    await using missed = await world({ fleet });
    await using down = await world({
      fleet: { ...fleet, endTokens: async () => Promise.reject(new Error('no reply')) },
    });

    expect(await missed.api.ask('endAccount', { user: 'alice' })).toMatchObject({
      fleet: { complete: false, missed: ['host:2'], problem: null },
    });
    expect(await down.api.ask('endAccount', { user: 'alice' })).toMatchObject({
      fleet: { complete: false, problem: 'no reply' },
    });
  });
});

it('a broker without records has no tokens, and says what to configure', async () => {
  await using files = await workspace();
  await using api = await openTestApi(files.config);

  const answers = [
    await api.send(requestOf('listRefreshTokens', {})),
    await api.send(requestOf('revokeTokens', { all: true })),
    await api.send(requestOf('endAccount', { user: 'alice' })),
    await api.send(requestOf('createPersonalToken', { user: 'alice', name: 'x' })),
  ];

  for (const { status, json } of answers) {
    expect({ status, json }).toMatchObject({ status: 409, json: { code: 'not-configured' } });
  }
});
