import { deadlineIn } from '../../../src/core/deadline.ts';
import { expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { Secret, username } from '../../../src/core/identity.ts';
import type { Credential, Identity } from '../../../src/core/identity.ts';
import type { AttemptGuard, Authenticator, AuthnOutcome } from '../../../src/core/ports.ts';
import { createShield } from '../../../src/flows/shield/shield.ts';
import type { ShieldSettings } from '../../../src/flows/shield/settings.ts';
import type { ShieldedAnswer } from '../../../src/flows/shield/shield.ts';
import { createFingerprint } from '../../../src/platform/fingerprint.ts';
import { memoryCounters, memoryStore } from '../../../src/platform/store/memory.ts';
import { fixedClock } from '../../support/fakes.ts';
import type { FixedClock } from '../../support/fakes.ts';

const SETTINGS: ShieldSettings = {
  remember: 60,
  staleIfError: 0,
  rememberWrong: 300,
  rememberRefused: 30,
  maxWrongPerAccount: 3,
  maxWrongPerAddress: 0,
  window: 300,
};

interface Directory extends Authenticator {
  /** Attempts it has seen. */
  seen: string[];
  password: string;
  answer: AuthnOutcome | undefined;
  isDown: boolean;
}

/** A directory that finds the account `id-alice` under every spelling of alice. */
function directory(asksGuard = false): Directory {
  const self: Directory = {
    name: 'corp',
    type: 'fake',
    asksGuard,
    seen: [],
    password: 'right',
    answer: undefined,
    isDown: false,
    authenticate: async (credential, _deadline, guard) => authenticate(self, credential, guard),
    probe: async () => ({ state: 'up' }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return self;
}

async function authenticate(
  self: Directory,
  { username: typed, password }: Credential,
  guard: AttemptGuard | undefined,
): Promise<AuthnOutcome> {
  if (self.isDown) throw new BrokerError('backend_unavailable', 'down');
  if (!/alice/i.test(typed)) return { kind: 'unknown-user' };
  const refused = self.asksGuard === true ? await guard?.beforeAttempt('id-alice') : undefined;
  if (refused !== undefined) return refused;
  self.seen.push(`${typed}/${password.reveal()}`);
  if (self.answer !== undefined) return self.answer;
  const right: AuthnOutcome = { kind: 'authenticated', identity: alice };
  return password.reveal() === self.password ? right : { kind: 'rejected', reason: 'wrong-password' };
}

const alice: Identity = {
  username: username('alice'),
  groups: new Set(),
  backend: 'corp',
  caseless: true,
  attributes: new Map(),
};

function setUp(settings: Partial<ShieldSettings> = {}, backend = directory()) {
  const clock: FixedClock = fixedClock();
  const bounded = { maxEntries: 1000, clock };
  const shield = createShield({
    settings: { ...SETTINGS, ...settings },
    clock,
    fingerprint: createFingerprint(),
    successful: memoryStore(bounded),
    latest: memoryStore(bounded),
    refused: memoryStore(bounded),
    counters: memoryCounters(bounded),
  });
  const login = (password: string, typed = 'alice', client = '192.0.2.1'): Promise<ShieldedAnswer> =>
    shield.authenticate(backend, { username: typed, password: new Secret(password) }, deadlineIn(clock, 8000), client);
  return { backend, clock, shield, login };
}

const kind = ({ outcome }: ShieldedAnswer): string => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind);

it('answers a successful login from the cache until it expires', async () => {
  const { backend, clock, login } = setUp();
  await login('right');

  const again = await login('right');
  clock.advance(61);
  const later = await login('right');

  expect([again.source, later.source]).toEqual(['memory', 'backend']);
  expect(backend.seen).toHaveLength(2);
});

it('never accepts another password for a cached login', async () => {
  const { login } = setUp();
  await login('right');

  expect(kind(await login('wrong'))).toBe('wrong-password');
  expect(kind(await login('righ'))).toBe('wrong-password');
  expect(kind(await login('right'))).toBe('authenticated');
});

it('sends the same wrong password to the backend once', async () => {
  const { backend, login } = setUp();

  for (let count = 0; count < 200; count += 1) await login('old');
  const right = await login('right');

  expect(backend.seen).toEqual(['alice/old', 'alice/right']);
  expect(kind(right)).toBe('authenticated');
});

it('refuses more different wrong passwords than the limit, until the window is over', async () => {
  const { backend, clock, login } = setUp();
  for (const password of ['a', 'b', 'c']) await login(password);

  const fourth = await login('d');
  const right = await login('right');
  clock.advance(301);
  const later = await login('right');

  expect([kind(fourth), kind(right), kind(later)]).toEqual(['too-many-attempts', 'too-many-attempts', 'authenticated']);
  expect(backend.seen).toHaveLength(4);
});

it.each([false, true])(
  'tries no other password of an account on hold (the backend calls the guard: %s)',
  async (asks) => {
    const { backend, clock, login } = setUp({}, directory(asks));
    backend.answer = { kind: 'rejected', reason: 'mfa-required', holdFor: 600 };
    await login('right');

    const onHold = [await login('other'), await login('third')];
    clock.advance(599);
    const last = [await login('other'), await login('right')];
    clock.advance(2);
    const over = await login('other');

    // The reason is for who had the right password.
    expect([...onHold, ...last].map(kind)).toEqual(['held', 'held', 'held', 'mfa-required']);
    expect(kind(over)).toBe('mfa-required');
    expect(backend.seen).toEqual(['alice/right', 'alice/other']);
  },
);

it('puts no account on hold when refusals are not cached, or when another password may succeed', async () => {
  const { backend, login } = setUp({ rememberRefused: 0 });
  const { backend: patient, login: loginThere } = setUp();
  backend.answer = { kind: 'rejected', reason: 'mfa-required', holdFor: 600 };
  patient.answer = { kind: 'rejected', reason: 'must-change-password' };

  for (const password of ['a', 'b']) await login(password);
  for (const password of ['a', 'b']) await loginThere(password);

  expect(backend.seen).toHaveLength(2);
  expect(patient.seen).toHaveLength(2);
});

it('sends no more wrong passwords than the limit when all arrive at the same time', async () => {
  const { backend, login } = setUp();

  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => login(`wrong-${index}`)));

  expect(backend.seen).toHaveLength(3);
  expect(answers.filter((answer) => kind(answer) === 'too-many-attempts')).toHaveLength(47);
});

it('counts the attempts of one account together, in every spelling of its name', async () => {
  const { backend, login } = setUp({}, directory(true));

  await login('a', 'alice');
  await login('a', 'ALICE');
  await login('b', 'alice@corp.example');
  await login('c', 'CORP\\alice');
  const more = await login('d', 'Alice');

  expect(backend.seen).toEqual(['alice/a', 'alice@corp.example/b', 'CORP\\alice/c']);
  expect(kind(more)).toBe('too-many-attempts');
});

it('resets the count after a successful login', async () => {
  const { login } = setUp({ remember: 0 });
  for (const password of ['a', 'b', 'right', 'c', 'd']) await login(password);

  expect(kind(await login('right'))).toBe('authenticated');
});

it('asks the backend once for equal logins at the same time', async () => {
  const { backend, login } = setUp({ remember: 0 });

  const answers = await Promise.all([login('right'), login('right'), login('right')]);

  expect(backend.seen).toHaveLength(1);
  expect(answers.map(({ source }) => source)).toEqual(['backend', 'shared', 'shared']);
});

it('ends the cached login of the old password after a login with the new one', async () => {
  const { backend, login } = setUp();
  await login('right');
  backend.password = 'new';
  const oldBefore = await login('right');

  await login('new');

  expect(kind(oldBefore)).toBe('authenticated');
  expect(kind(await login('right'))).toBe('wrong-password');
});

it('ends cached logins when the account is locked', async () => {
  const { backend, login } = setUp();
  await login('right');
  backend.answer = { kind: 'rejected', reason: 'disabled' };

  await login('other');

  expect(kind(await login('right'))).toBe('disabled');
});

it('never caches an outage, and does not count it as an attempt', async () => {
  const { backend, login } = setUp();
  backend.isDown = true;
  for (let count = 0; count < 10; count += 1) {
    await expect(login('right')).rejects.toMatchObject({ code: 'backend_unavailable' });
  }
  backend.isDown = false;

  expect(kind(await login('right'))).toBe('authenticated');
});

it('answers from the cache while the directory is down, with staleIfError', async () => {
  const { backend, clock, login } = setUp({ staleIfError: 3600 });
  await login('right');
  clock.advance(120);
  backend.isDown = true;

  const stale = await login('right');
  clock.advance(3600);

  expect([kind(stale), stale.source]).toEqual(['authenticated', 'stale']);
  await expect(login('right')).rejects.toMatchObject({ code: 'backend_unavailable' });
});

it('answers with an outage while the directory is down, without staleIfError', async () => {
  const { backend, clock, login } = setUp();
  await login('right');
  clock.advance(120);
  backend.isDown = true;

  await expect(login('right')).rejects.toMatchObject({ code: 'backend_unavailable' });
});

it('caches for a short time that a user is unknown', async () => {
  const { clock, login } = setUp();
  await login('x', 'nobody');

  const again = await login('x', 'nobody');
  clock.advance(31);
  const later = await login('x', 'nobody');

  expect([again.source, later.source]).toEqual(['memory', 'backend']);
});

it('asks the backend again after a flush', async () => {
  const { backend: backendOf, shield, login } = setUp();
  await login('right');

  shield.flush('corp');
  const afterOwn = await login('right');
  shield.flush('other');
  const afterOther = await login('right');
  shield.flush();
  const afterAll = await login('right');

  await login('wrong');
  backendOf.password = 'wrong';
  shield.flush('corp');
  const afterChange = await login('wrong');

  expect(kind(afterChange)).toBe('authenticated');
  expect([afterOwn.source, afterOther.source, afterAll.source]).toEqual(['backend', 'memory', 'backend']);
});

it('refuses an address at its limit of refused logins, and no other', async () => {
  const { shield, login } = setUp({ maxWrongPerAddress: 2 });
  await login('right', 'alice', '192.0.2.7');
  await login('a', 'alice', '192.0.2.7');
  await shield.noteUnknown({ username: 'nobody', password: new Secret('x') }, '192.0.2.7');

  const more = await login('b', 'alice', '192.0.2.7');
  const cached = await login('right', 'alice', '192.0.2.7');
  const elsewhere = await login('c', 'alice', '192.0.2.8');

  expect([more, cached, elsewhere].map(kind)).toEqual(['too-many-attempts', 'authenticated', 'wrong-password']);
});

it.each([
  ['of this machine', '127.0.0.1'],
  ['of this machine, in another of its loopback addresses', '127.1.2.3'],
  ['of this machine in IPv6', '::1'],
  ['of this machine, as a dual-stack socket reports it', '::ffff:127.0.0.1'],
  ['unknown, behind a Unix socket', ''],
])('never counts refused logins by an address that is %s', async (_what, client) => {
  const { login } = setUp({ maxWrongPerAddress: 1, maxWrongPerAccount: 0 });
  await login('a', 'alice', client);
  await login('b', 'alice', client);
  await login('d', 'alice', '::ffff:192.0.2.7');

  const fromProxy = await login('c', 'alice', client);
  const fromClient = await login('e', 'alice', '192.0.2.7');

  expect([fromProxy, fromClient].map(kind)).toEqual(['wrong-password', 'too-many-attempts']);
});

it('counts all addresses of one IPv6 network together', async () => {
  const { login } = setUp({ maxWrongPerAddress: 2 });
  await login('a', 'alice', '2001:db8:1:2::1');
  await login('b', 'alice', '2001:db8:1:2::2');

  const same = await login('c', 'alice', '2001:db8:1:2:3:4:5:6');
  const another = await login('c', 'alice', '2001:db8:1:3::1');

  expect([same, another].map(kind)).toEqual(['too-many-attempts', 'wrong-password']);
});

it('counts passwords of an unknown name as those of a known one', async () => {
  const { shield, login } = setUp();
  const unknown = (password: string): Promise<boolean> =>
    shield.noteUnknown({ username: 'nobody', password: new Secret(password) }, '192.0.2.9');
  const known = async (password: string): Promise<boolean> => kind(await login(password)) === 'too-many-attempts';
  const passwords = ['a', 'a', 'b', 'c', 'a', 'd', 'e'];

  const answers = [];
  for (const password of passwords) answers.push([await unknown(password), await known(password)]);

  expect(answers.map(([one]) => one)).toEqual([false, false, false, false, false, true, true]);
  expect(answers.map(([, other]) => other)).toEqual(answers.map(([one]) => one));
});
