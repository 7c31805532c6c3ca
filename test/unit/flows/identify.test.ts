/** Which backends are asked, and what each kind of answer does to the chain. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/identity.ts';
import { createIdentify } from '../../../src/flows/identify.ts';
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
  it('returns anonymous without a credential, and asks no backend', async () => {
    const backend = fakeBackend(authenticated('alice'));

    expect(await setUp(backend).identify(undefined, REQUEST)).toEqual({ kind: 'anonymous' });
    expect(backend.seen).toEqual([]);
  });

  it('asks the next backend about a user that the first does not know', async () => {
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

  it('asks a backend only about user names that it serves', async () => {
    const [partners, staff] = [fakeBackend(REFUSED, { usernames: ['*@corp'] }), fakeBackend(authenticated('alice'))];
    const { logIn } = setUp(partners, staff);

    await logIn('alice');
    await expect(logIn('bob@corp')).rejects.toMatchObject({ code: 'invalid_credentials' });

    expect(partners.seen).toEqual(['bob@corp/her-password']);
    expect(staff.seen).toEqual(['alice/her-password']);
  });

  it('refuses a user whose name belongs to a user of an earlier backend, in any case', async () => {
    const usersNamed = (name: string) => (name === 'bob' ? ['bob'] : []);
    const file = (usernames?: readonly string[]) =>
      fakeBackend(UNKNOWN, { name: 'file', usersNamed, ...(usernames === undefined ? {} : { usernames }) });
    const directory = (name: string) => fakeBackend(authenticated(name, 'directory'), { name: 'directory' });

    const refused = setUp(file(), directory('bob')).logIn('Bob');
    const others = await setUp(file(), directory('alice')).logIn('alice');
    const first = await setUp(directory('bob'), file()).logIn('Bob');
    // The file does not serve that name.
    const unserved = await setUp(file(['robot-*']), directory('bob')).logIn('Bob');

    await expect(refused).rejects.toMatchObject({
      code: 'invalid_credentials',
      message: expect.stringContaining('bob is a user of file, which precedes directory'),
    });
    expect([others, first, unserved].map(({ kind }) => kind)).toEqual(['user', 'user', 'user']);
  });

  it.each([
    ['an empty password', 'alice', '', 'empty_password'],
    ['an empty name', '', 'her-password', 'invalid_credentials'],
  ])('refuses %s before any backend is asked', async (_what, name, password, code) => {
    const backend = fakeBackend(authenticated('alice'));

    await expect(setUp(backend).logIn(name, password)).rejects.toMatchObject({ code });
    expect(backend.seen).toEqual([]);
  });

  it('says that passwords are not accepted only where no backend accepts one for the name, as typed', async () => {
    const signIns = fakeBackend(UNKNOWN, { name: 'sso', accepts: 'sign-ins' });
    const staff = fakeBackend(UNKNOWN, { name: 'staff', usernames: ['*@corp'] });
    const code = (chain: ReturnType<typeof setUp>, name: string): Promise<unknown> =>
      chain.logIn(name).catch((error: unknown) => (error instanceof BrokerError ? error.code : error));

    const [alone, both, none] = [setUp(signIns), setUp(signIns, staff), setUp(staff)];

    expect([await code(alone, 'alice'), await code(both, 'alice'), await code(both, 'alice@corp')]).toEqual([
      'password_not_accepted',
      'password_not_accepted',
      'invalid_credentials',
    ]);
    expect(await code(none, 'alice')).toBe('invalid_credentials');
    expect([alone.slept, signIns.seen]).toEqual([[500], []]);
  });

  it('delays a refusal for an unknown user as for a wrong password, and does not delay a successful login', async () => {
    const [unknown, wrong, successful] = [UNKNOWN, REFUSED, authenticated('alice')].map((outcome) =>
      setUp(fakeBackend(outcome)),
    );

    await expect(unknown?.logIn('alice')).rejects.toThrow();
    await expect(wrong?.logIn('alice')).rejects.toThrow();
    await successful?.logIn('alice');

    expect([unknown, wrong, successful].map((one) => one?.slept)).toEqual([[500], [500], []]);
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

  it('finds a user at the first backend that knows the name', async () => {
    const found = await lookUpUser(chainOf(knows('alice'), knows('bob')), 'bob');

    expect(found).toMatchObject({ kind: 'found', identity: { username: 'bob' } });
  });

  it('lists the backends without look-up, except those for other user names and for tokens', async () => {
    const chain = chainOf(
      knows('alice'),
      fakeBackend(UNKNOWN, { name: 'sso' }),
      fakeBackend(UNKNOWN, { name: 'partners', usernames: ['*@partner'] }),
      fakeBackend(UNKNOWN, { name: 'ci', accepts: 'tokens' }),
    );

    expect(await lookUpUser(chain, 'bob')).toEqual({ kind: 'not-found', withoutLookUp: ['sso'] });
  });
});
