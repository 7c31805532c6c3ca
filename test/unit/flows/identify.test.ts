/** Who is asked in turn, and what each of a backend's answers does to the chain. */
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/identity.ts';
import { createIdentify } from '../../../src/flows/identify.ts';
import { REFUSAL_FLOOR_MS } from '../../../src/flows/login-time.ts';
import { lookUpUser } from '../../../src/flows/look-up-user.ts';
import { authenticated, fakeBackend, identity, REFUSED, UNKNOWN } from '../../support/fake-backend.ts';
import type { FakeBackend } from '../../support/fake-backend.ts';
import { fixedClock, noShield, noWaiting, recordingAudit } from '../../support/fakes.ts';

const REQUEST = { requestId: 'id-1', client: '192.0.2.1' };

function setUp(...backends: readonly FakeBackend[]) {
  const audit = recordingAudit();
  const slept: number[] = [];
  const identify = createIdentify({
    backends: backends.map(({ chained }) => chained),
    clock: fixedClock(),
    timer: { ...noWaiting, sleep: async (ms) => void slept.push(ms) },
    audit,
    shield: noShield,
  });
  const logIn = (name: string, password = 'her-password') =>
    identify({ username: name, password: new Secret(password) }, REQUEST);
  return { identify, logIn, audit, slept };
}

describe('identify', () => {
  it('is nobody without a credential, and asks nobody', async () => {
    const backend = fakeBackend(authenticated('alice'));

    expect(await setUp(backend).identify(undefined, REQUEST)).toEqual({ kind: 'anonymous' });
    expect(backend.seen).toEqual([]);
  });

  it('asks the next backend about a user whom the first does not know', async () => {
    const [first, second, third] = [fakeBackend(UNKNOWN), fakeBackend(authenticated('alice')), fakeBackend(UNKNOWN)];

    expect(await setUp(first, second, third).logIn('alice')).toMatchObject({ identity: { username: 'alice' } });
    expect([first, second, third].map(({ seen }) => seen.length)).toEqual([1, 1, 0]);
  });

  it.each([
    ['a refusal', fakeBackend(REFUSED), 'invalid_credentials'],
    ['an outage', fakeBackend('down'), 'backend_unavailable'],
    ['a defect', fakeBackend(new TypeError('x is undefined')), 'backend_unavailable'],
  ])('ends the chain with %s: the next backend never sees the password', async (_what, first, code) => {
    const next = fakeBackend(authenticated('alice'));

    await expect(setUp(first, next).logIn('alice')).rejects.toMatchObject({ code });
    expect(first.seen).toHaveLength(1);
    expect(next.seen).toEqual([]);
  });

  it('asks a backend only about logins that are its own', async () => {
    const [theirs, ours] = [fakeBackend(REFUSED, { usernames: ['*@corp'] }), fakeBackend(authenticated('alice'))];
    const { logIn } = setUp(theirs, ours);

    await logIn('alice');
    await expect(logIn('bob@corp')).rejects.toMatchObject({ code: 'invalid_credentials' });

    expect(theirs.seen).toEqual(['bob@corp/her-password']);
    expect(ours.seen).toEqual(['alice/her-password']);
  });

  it('lets nobody have the name of a user whom a backend before theirs has, however it is typed', async () => {
    const namesakes = (name: string) => (name === 'bob' ? ['bob'] : []);
    const file = (usernames?: readonly string[]) =>
      fakeBackend(UNKNOWN, { name: 'file', namesakes, ...(usernames === undefined ? {} : { usernames }) });
    const directory = (name: string) => fakeBackend(authenticated(name, 'directory'), { name: 'directory' });

    const refused = setUp(file(), directory('bob')).logIn('Bob');
    const others = await setUp(file(), directory('alice')).logIn('alice');
    const first = await setUp(directory('bob'), file()).logIn('Bob');
    // The file does not serve that name.
    const unserved = await setUp(file(['robot-*']), directory('bob')).logIn('Bob');

    await expect(refused).rejects.toMatchObject({
      code: 'invalid_credentials',
      message: expect.stringContaining('bob is a user of file'),
    });
    expect([others, first, unserved].map(({ kind }) => kind)).toEqual(['user', 'user', 'user']);
  });

  it.each([
    ['an empty password', 'alice', ''],
    ['an empty name', '', 'her-password'],
  ])('refuses %s before any backend is asked', async (_what, name, password) => {
    const backend = fakeBackend(authenticated('alice'));

    await expect(setUp(backend).logIn(name, password)).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(backend.seen).toEqual([]);
  });

  it('takes as long for an unknown user as for a wrong password, and no longer than needed for a right one', async () => {
    const [unknown, wrong, right] = [UNKNOWN, REFUSED, authenticated('alice')].map((outcome) =>
      setUp(fakeBackend(outcome)),
    );

    await expect(unknown?.logIn('alice')).rejects.toThrow();
    await expect(wrong?.logIn('alice')).rejects.toThrow();
    await right?.logIn('alice');

    expect([unknown, wrong, right].map((one) => one?.slept)).toEqual([[REFUSAL_FLOOR_MS], [REFUSAL_FLOOR_MS], []]);
  });

  it('records each answer with its reason, and never the password', async () => {
    const { logIn, audit } = setUp(fakeBackend(UNKNOWN, { name: 'one' }), fakeBackend(REFUSED, { name: 'two' }));

    await expect(logIn('alice')).rejects.toThrow();

    expect(audit.events).toMatchObject([
      { type: 'login', backend: 'one', username: 'alice', outcome: 'unknown-user' },
      { type: 'login', backend: 'two', username: 'alice', outcome: 'rejected', reason: 'wrong-password' },
    ]);
    expect(JSON.stringify(audit.events)).not.toContain('her-password');
  });
});

describe('lookUpUser', () => {
  const chainOf = (...backends: readonly FakeBackend[]) => ({
    backends: backends.map(({ chained }) => chained),
    clock: fixedClock(),
  });
  const knows = (name: string) =>
    fakeBackend(UNKNOWN, {
      name: `knows-${name}`,
      lookup: async (typed) => (typed === name ? identity(name) : undefined),
    });

  it('finds whom the first backend knows that can tell', async () => {
    const found = await lookUpUser(chainOf(knows('alice'), knows('bob')), 'bob');

    expect(found).toMatchObject({ kind: 'found', identity: { username: 'bob' } });
  });

  it('names the backends that cannot tell, but for those whose logins are others', async () => {
    const chain = chainOf(
      knows('alice'),
      fakeBackend(UNKNOWN, { name: 'sso' }),
      fakeBackend(UNKNOWN, { name: 'partners', usernames: ['*@partner'] }),
      fakeBackend(UNKNOWN, { name: 'ci', accepts: 'tokens' }),
    );

    expect(await lookUpUser(chain, 'bob')).toEqual({ kind: 'not-found', withoutLookUp: ['sso'] });
  });
});
