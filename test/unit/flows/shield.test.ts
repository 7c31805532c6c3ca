import { expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { username } from '../../../src/core/identity.ts';
import type { Credential, Identity } from '../../../src/core/identity.ts';
import type { AttemptGuard, Authenticator, AuthnOutcome } from '../../../src/core/ports.ts';
import type { ShieldSettings } from '../../../src/flows/shield/settings.ts';
import type { ShieldedAnswer } from '../../../src/flows/shield/shield.ts';
import { fixedClock, noWaiting } from '../../support/fakes.ts';
import { CLIENT, logInThrough, testShield, word } from '../../support/shielded.ts';

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
  const clock = fixedClock();
  const shield = testShield({ settings, clock, timer: noWaiting });
  const login = (password: string, typed = 'alice', client = CLIENT): Promise<ShieldedAnswer> =>
    logInThrough(shield, backend, { username: typed, password, client }, clock);
  return { backend, clock, shield, login };
}

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

  expect(word(await login('wrong'))).toBe('wrong-password');
  expect(word(await login('righ'))).toBe('wrong-password');
  expect(word(await login('right'))).toBe('authenticated');
});

it('sends the same wrong password to the backend once', async () => {
  const { backend, login } = setUp();

  for (let count = 0; count < 200; count += 1) await login('old');
  const right = await login('right');

  expect(backend.seen).toEqual(['alice/old', 'alice/right']);
  expect(word(right)).toBe('authenticated');
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
    expect([...onHold, ...last].map(word)).toEqual(['held', 'held', 'held', 'mfa-required']);
    expect(word(over)).toBe('mfa-required');
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

  expect(word(oldBefore)).toBe('authenticated');
  expect(word(await login('right'))).toBe('wrong-password');
});

it('ends cached logins when the account is locked', async () => {
  const { backend, login } = setUp();
  await login('right');
  backend.answer = { kind: 'rejected', reason: 'disabled' };

  await login('other');

  expect(word(await login('right'))).toBe('disabled');
});

it('never caches an outage, and does not count it as an attempt', async () => {
  const { backend, login } = setUp();
  backend.isDown = true;
  for (let count = 0; count < 10; count += 1) {
    await expect(login('right')).rejects.toMatchObject({ code: 'backend_unavailable' });
  }
  backend.isDown = false;

  expect(word(await login('right'))).toBe('authenticated');
});

it('answers from the cache while the directory is down, with staleIfError', async () => {
  const { backend, clock, login } = setUp({ staleIfError: 3600 });
  await login('right');
  clock.advance(120);
  backend.isDown = true;

  const stale = await login('right');
  clock.advance(3600);

  expect([word(stale), stale.source]).toEqual(['authenticated', 'stale']);
  await expect(login('right')).rejects.toMatchObject({ code: 'backend_unavailable' });
});

it('trusts no login again because of an answer during an outage', async () => {
  const { backend, clock, login } = setUp({ staleIfError: 86_400 });
  await login('right');
  // Most of the week of trust.
  for (let day = 0; day < 7; day += 1) {
    clock.advance(86_000);
    backend.isDown = true;
    await login('right').catch(() => undefined);
    backend.isDown = false;
  }
  clock.advance(3600);
  for (const password of ['a', 'b', 'c']) await login(password, 'alice', `203.0.${password === 'a' ? 112 : 113}.9`);

  expect(word(await login('right'))).toBe('too-many-attempts (account)');
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

  await shield.flush('corp');
  const afterOwn = await login('right');
  await shield.flush('other');
  const afterOther = await login('right');
  await shield.flush();
  const afterAll = await login('right');

  await login('wrong');
  backendOf.password = 'wrong';
  await shield.flush('corp');
  const afterChange = await login('wrong');

  expect(word(afterChange)).toBe('authenticated');
  expect([afterOwn.source, afterOther.source, afterAll.source]).toEqual(['backend', 'memory', 'backend']);
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['127.0.0.1', undefined],
])('gives the backend the network of the client %s, where the address identifies one', async (client, network) => {
  const { backend, clock, shield } = setUp();
  const seen: unknown[] = [];
  const recording: Authenticator = {
    ...backend,
    authenticate: async (_credential, _deadline, guard) => {
      seen.push(guard?.network);
      return { kind: 'unknown-user' };
    },
  };

  await logInThrough(shield, recording, { password: 'right', client }, clock);

  expect(seen).toEqual([network]);
});
