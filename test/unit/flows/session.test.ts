/** Sessions: what opens one, what ends one, and what a person is at each use. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { Secret, username } from '../../../src/core/identity.ts';
import type { Caller, Identity } from '../../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome } from '../../../src/core/ports.ts';
import { authenticatedAt, MAX_SESSIONS, parseSession, sessionOwner } from '../../../src/core/session.ts';
import type { Session } from '../../../src/core/session.ts';
import { createEndSessions, endableSessions } from '../../../src/flows/session/end.ts';
import { createFindSession } from '../../../src/flows/session/find.ts';
import { createListSessions } from '../../../src/flows/session/list.ts';
import { createOpenSession } from '../../../src/flows/session/open.ts';
import { sessionSecrets } from '../../../src/platform/session-secrets.ts';
import { memoryStore } from '../../../src/platform/store/memory.ts';
import { fakeBackend, UNKNOWN } from '../../support/fake-backend.ts';
import { fixedClock, noWaiting, recordingAudit } from '../../support/fakes.ts';

const HOUR = 3600;
const LIMITS = { idle: 8 * HOUR, absolute: 12 * HOUR };
const REQUEST = { requestId: 'id-1', client: '192.0.2.1' };

function alice(more: Partial<Identity> = {}): Identity {
  return {
    username: username('alice'),
    groups: new Set(),
    backend: 'corp',
    caseless: true,
    attributes: new Map(),
    subject: 'id 1',
    ...more,
  };
}

const user = (more: Partial<Identity> = {}): Extract<Caller, { kind: 'user' }> => ({
  kind: 'user',
  identity: alice(more),
});

interface World {
  /** The answer of the backend when it checks the account. */
  outcome?: AuthnOutcome | 'down';
  readonly canRevalidate?: boolean;
  /** What happens elsewhere while the backend checks the account. */
  meanwhile?: () => Promise<void>;
  /** What happens in place of a write of the last use. */
  onWrite?: () => Promise<never>;
}

function setUp(world: World = {}) {
  const clock = fixedClock();
  const audit = recordingAudit();
  const memory = memoryStore<Session>({
    maxEntries: 1000,
    clock,
    groupOf: (session) => ({ name: sessionOwner(session), most: MAX_SESSIONS }),
  });
  const store: typeof memory = {
    ...memory,
    replaceIf: (...write) => (world.onWrite === undefined ? memory.replaceIf(...write) : world.onWrite()),
  };
  const looks = { count: 0 };
  const revalidate: Authenticator['revalidate'] = async () => {
    looks.count += 1;
    await world.meanwhile?.();
    const { outcome = { kind: 'authenticated', identity: alice() } } = world;
    if (outcome === 'down') throw new BrokerError('backend_unavailable', 'the directory is down');
    return outcome;
  };
  const { chained } = fakeBackend(UNKNOWN, { name: 'corp' });
  const authenticator = { ...chained.authenticator, ...(world.canRevalidate === false ? {} : { revalidate }) };
  const deps = {
    backends: [{ ...chained, authenticator }],
    store,
    clock,
    audit,
    timer: noWaiting,
    secrets: sessionSecrets,
    limits: LIMITS,
    recent: memoryStore<Identity>({ maxEntries: 1000, clock }),
    isAdmin: ({ groups }: Identity) => [...groups].some((group) => String(group) === 'admins'),
  };
  const openSession = createOpenSession(deps);
  const open = (caller: Caller = user(), more: Partial<Parameters<typeof openSession>[0]> = {}) =>
    openSession({
      context: REQUEST,
      caller,
      login: 'alice',
      signedInAt: { backend: 'corp' },
      userAgent: 'Mozilla/5.0 (of the tests)',
      previous: undefined,
      ...more,
    });
  const find = createFindSession(deps);
  return {
    world,
    clock,
    audit,
    store,
    looks,
    open,
    find: (cookie: Awaited<ReturnType<typeof open>>) => find(cookie, REQUEST),
    list: createListSessions(deps),
    end: createEndSessions(deps),
  };
}

describe('the time of a proof', () => {
  it.each([
    ['is that of a sign-in with a password', { backend: 'corp' }, 1000],
    ['is what the provider says', { backend: 'sso', sub: 's', authTime: 400 }, 400],
    ['is not known where the provider says nothing', { backend: 'sso', sub: 's' }, 0],
    ['is never after the sign-in', { backend: 'sso', sub: 's', authTime: 9999 }, 1000],
  ])('%s', (_what, signedInAt, time) => {
    expect(authenticatedAt({ createdAt: 1000, signedInAt })).toBe(time);
  });
});

describe('a session is opened', () => {
  it('under the digest of its cookie, and without the cookie itself', async () => {
    const { open, store } = setUp();

    const cookie = await open();

    const [entry, ...others] = await store.list();
    expect(others).toEqual([]);
    expect(entry?.value).not.toHaveProperty('identity');
    expect(JSON.stringify(entry)).not.toContain(cookie.reveal());
    expect(parseSession(JSON.parse(JSON.stringify(entry?.value)))).toEqual(entry?.value);
  });

  it.each<[what: string, caller: Caller, code: string]>([
    ['an anonymous caller', { kind: 'anonymous' }, 'invalid_credentials'],
    ['a refresh token', { ...user(), via: { kind: 'refresh-token', id: 'x' } }, 'invalid_credentials'],
    ['a personal token', { ...user(), via: { kind: 'personal-token', id: 'x' } }, 'invalid_credentials'],
    ['a token of a job', user({ notAfter: 1_900_000_000 }), 'invalid_credentials'],
    ['a login from the cache during an outage', { ...user(), stale: true }, 'backend_unavailable'],
  ])('never by %s', async (_what, caller, code) => {
    const { open, store } = setUp();

    await expect(open(caller)).rejects.toMatchObject({ code });
    expect(await store.list()).toEqual([]);
  });

  it('in place of the one that the browser had before', async () => {
    const { open, find, audit } = setUp();
    const first = await open();
    const opened = audit.events.at(-1);

    const second = await open(user(), { previous: first });

    expect(await find(first)).toBeUndefined();
    expect(await find(second)).toBeDefined();
    const ended = { ...opened, outcome: 'ended', cause: 'replaced by a new sign-in' };
    expect(audit.events.filter((event) => event.type === 'session' && event.outcome === 'ended')).toEqual([ended]);
  });

  it('without an end in the audit trail for a cookie that belongs to no session', async () => {
    const { open, audit } = setUp();
    const unknown = sessionSecrets.make();

    await open(user(), { previous: unknown });
    await open(user(), { previous: new Secret('no-cookie-of-ours') });

    expect(audit.events.map((event) => event.type === 'session' && event.outcome)).toEqual(['opened', 'opened']);
  });

  it('in place of the one with the oldest last use, where a person has twenty', async () => {
    const { open, find, store, clock } = setUp();
    const oldest = await open();
    for (let count = 1; count <= MAX_SESSIONS; count += 1) {
      clock.advance(1);
      await open();
    }

    expect(await store.list()).toHaveLength(MAX_SESSIONS);
    expect(await find(oldest)).toBeUndefined();
  });
});

describe('a session is valid', () => {
  it('until it has not been used for the idle time, and until its absolute end however often it is used', async () => {
    const { open, find, clock } = setUp();
    const [idle, used] = [await open(), await open()];
    clock.advance(8 * HOUR - 1);
    expect(await find(used)).toBeDefined();
    clock.advance(1);
    expect([await find(idle), (await find(used)) === undefined]).toEqual([undefined, false]);
    clock.advance(4 * HOUR);
    expect(await find(used)).toBeUndefined();
  });

  it('for the account as it is now, which is looked up once a minute', async () => {
    const { open, find, clock, looks, world } = setUp();
    const cookie = await open();

    await find(cookie);
    clock.advance(59);
    await find(cookie);
    const inFirstMinute = looks.count;
    world.outcome = { kind: 'authenticated', identity: alice({ groups: new Set(['admins' as never]) }) };
    clock.advance(1);
    const found = await find(cookie);

    expect(inFirstMinute).toBe(1);
    expect(found).toMatchObject({ isAdmin: true, caller: { via: { kind: 'session' } } });
  });

  it('no longer when the account is disabled, and then never again', async () => {
    const { open, find, world, audit } = setUp();
    const cookie = await open();
    world.outcome = { kind: 'rejected', reason: 'disabled' };
    const disabled = await find(cookie);
    world.outcome = { kind: 'authenticated', identity: alice() };

    expect([disabled, await find(cookie)]).toEqual([undefined, undefined]);
    expect(audit.events).toContainEqual(
      expect.objectContaining({ type: 'session', outcome: 'ended', cause: 'disabled' }),
    );
  });

  it('no longer when another broker ends it while the account is looked up', async () => {
    const { world, open, find, store, clock } = setUp();
    const cookie = await open();
    clock.advance(2 * 60);
    world.meanwhile = () => store.remove(sessionSecrets.digest(cookie));

    expect(await find(cookie)).toBe(undefined);
    expect(await store.list()).toEqual([]);
  });

  it('no longer when another broker ends it in the minute in which its use is not recorded', async () => {
    const { world, open, find, store } = setUp();
    const cookie = await open();
    world.meanwhile = () => store.remove(sessionSecrets.digest(cookie));

    expect(await find(cookie)).toBe(undefined);
  });

  it('on a full disk, where its use is not recorded and the audit trail says why', async () => {
    const { world, open, find, clock, audit } = setUp();
    const cookie = await open();
    clock.advance(2 * 60);
    world.onWrite = async () => {
      throw new Error('disk full');
    };

    expect(await find(cookie)).toMatchObject({ caller: { identity: { username: 'alice' } } });
    expect(audit.events.at(-1)).toMatchObject({
      outcome: 'unrecorded',
      cause: expect.stringMatching(/^its use is not recorded: .*disk full/),
    });
  });

  it('for nobody while the records do not answer, and is not read once more then', async () => {
    const { world, open, find, clock } = setUp();
    const cookie = await open();
    clock.advance(2 * 60);
    world.onWrite = async () => {
      clock.advance(1);
      throw new BrokerError('records_unavailable', 'no answer in time');
    };

    await expect(find(cookie)).rejects.toMatchObject({ code: 'records_unavailable' });
  });

  it('after an outage of the backend, during which nobody is signed in', async () => {
    const { open, find, world } = setUp();
    const cookie = await open();
    world.outcome = 'down';
    await expect(find(cookie)).rejects.toMatchObject({ code: 'backend_unavailable' });
    world.outcome = { kind: 'authenticated', identity: alice() };

    expect(await find(cookie)).toBeDefined();
  });

  it('with the groups of the sign-in where the backend cannot look up an account', async () => {
    const { open, find } = setUp({ canRevalidate: false });
    const cookie = await open(user({ groups: new Set(['admins' as never]) }));

    expect(await find(cookie)).toMatchObject({ isAdmin: true, caller: { identity: { username: 'alice' } } });
  });

  it('no longer when its backend is not configured any more', async () => {
    const { open, find } = setUp();

    expect(await find(await open(user({ backend: 'removed' })))).toBeUndefined();
  });
});

describe('the list of sessions', () => {
  it('has those of the same account, the current one first', async () => {
    const { open, find, list, clock } = setUp();
    const current = await open();
    clock.advance(60);
    await open();
    await open(user({ subject: 'id 2', username: username('alice') }));
    await open(user({ backend: 'other', username: username('alice') }));
    const signedIn = await find(current);
    if (signedIn === undefined) throw new Error('the session is valid');

    const sessions = await list(signedIn);

    expect(sessions.map(({ isCurrent }) => isCurrent)).toEqual([true, false]);
  });

  it('ends a session of the same account only', async () => {
    const { open, find, end } = setUp();
    const [own, foreign] = [await open(), await open(user({ subject: 'id 2' }))];
    const signedIn = await find(own);
    const other = sessionSecrets.digest(foreign).slice(0, 12);
    if (signedIn === undefined) throw new Error('the session is valid');

    expect(await end.one(signedIn, other, REQUEST)).toBe(false);
    expect(await end.one(signedIn, signedIn.id, REQUEST)).toBe(true);
    expect(await find(own)).toBeUndefined();
  });
});

describe('the end of an account', () => {
  it.each([
    ['by its id', { backend: 'corp', subject: 'id 1' }],
    ['by its name', { user: 'alice' }],
    ['by its name at a backend', { user: 'alice', backend: 'corp' }],
  ])('ends all its sessions and no other, %s', async (_what, account) => {
    const { open, find, store, audit } = setUp({ canRevalidate: false });
    const own = [await open(), await open()];
    const other = await open(user({ subject: 'id 2', username: username('bob') }), { login: 'bob' });

    const ended = await endableSessions({ store, audit }).endOf(account, { request: REQUEST, by: 'operator' });

    expect(ended).toBe(2);
    expect(await Promise.all(own.map(find))).toEqual([undefined, undefined]);
    expect(await find(other)).toBeDefined();
  });
});

describe('a logout that the provider announces', () => {
  const at = (sub: string, sid?: string) => ({
    signedInAt: { backend: 'sso', sub, ...(sid === undefined ? {} : { sid }) },
  });

  it.each([
    ['its session', { sid: 's1', sub: 'a' }, [false, true, true, false]],
    ['all sessions of the person', { sub: 'a' }, [false, false, true, false]],
    ['a session that nobody has', { sid: 's9' }, [true, true, true, true]],
  ] as const)('ends %s', async (_what, which, left) => {
    const { open, find, end } = setUp({ canRevalidate: false });
    const cookies = [
      await open(user(), at('a', 's1')),
      await open(user(), at('a', 's2')),
      await open(user({ subject: 'id 2' }), at('b', 's3')),
      // A provider that does not name sessions in its ID tokens.
      await open(user(), at('a')),
    ];

    await end.ofProvider({ backend: 'sso', ...which }, REQUEST);
    const other = await end.ofProvider({ backend: 'other', ...which }, REQUEST);

    const found = await Promise.all(cookies.map(async (cookie) => (await find(cookie)) !== undefined));
    expect(found).toEqual(left);
    expect(other).toBe(0);
  });
});
