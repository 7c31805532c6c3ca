/** The test login of administrators: what it shows, what it counts, and what it must not become. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/identity.ts';
import type { Authenticator, Timer } from '../../../src/core/ports.ts';
import { createTestAttempts, TESTS } from '../../../src/flows/shield/test-attempts.ts';
import { createShield } from '../../../src/flows/shield/shield.ts';
import { createTestLogin } from '../../../src/flows/test-login.ts';
import type { TestedLogin } from '../../../src/flows/test-login.ts';
import { auditLines } from '../../../src/platform/audit/audit-lines.ts';
import { createFingerprint } from '../../../src/platform/fingerprint.ts';
import { memoryLedger } from '../../../src/platform/ledger/memory.ts';
import { fakeBackend, identity, REFUSED, UNKNOWN } from '../../support/fake-backend.ts';
import { fakeDirectory } from '../../support/fake-directory.ts';
import { countingIds, fixedClock, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { CLIENT, logInThrough, SHIELD_SETTINGS, word } from '../../support/shielded.ts';

const MAX = 4;
const OFFICE = '10.1.2.3';
const OLGA = identity('olga', 'corp');
const HOUR = 3600;
const JWT = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.x`;

interface Options {
  readonly backends?: readonly Authenticator[];
  readonly timer?: Timer;
  readonly client?: string;
}

function setUp({ backends, timer = noWaiting, client = OFFICE }: Options = {}) {
  const clock = fixedClock();
  const directory = fakeDirectory({ accounts: { alice: { password: 'right' }, bob: { password: 'right' } } });
  const audit = recordingAudit();
  const ledger = memoryLedger({ clock, maxEntries: 1000 });
  const settings = { ...SHIELD_SETTINGS, maxWrongPerAccount: MAX, window: 24 * HOUR };
  const shieldDeps = { settings, fingerprint: createFingerprint(), ledger, ids: countingIds(), timer };
  const shield = createShield(shieldDeps);
  const chained = (backends ?? [directory.backend]).map((authenticator) => ({ authenticator, usernames: undefined }));
  const testLogin = createTestLogin({
    backends: chained,
    clock,
    timer,
    audit,
    attempts: createTestAttempts(shieldDeps),
  });
  const test = (password: string, username = 'alice', by = OLGA): Promise<TestedLogin> =>
    testLogin({
      credential: { username, password: new Secret(password) },
      by,
      request: { requestId: 'r-1', client },
    });
  const logIn = async (password: string, from = OFFICE): Promise<string> =>
    word(await logInThrough(shield, directory.backend, { username: 'alice', password, client: from }, clock));
  return { clock, directory, audit, ledger, test, logIn };
}

function lastText(tested: TestedLogin): string {
  return tested.kind === 'tested' ? (tested.steps.at(-1)?.text ?? '') : tested.kind;
}

const textsOf = (tested: TestedLogin): string =>
  tested.kind === 'tested' ? tested.steps.map(({ text }) => text).join('\n') : tested.kind;

describe('a test of a login', () => {
  it('shows each backend with its answer, and the identity of a successful login', async () => {
    const { directory, test } = setUp();
    const staff = fakeBackend(UNKNOWN, { name: 'staff' }).chained.authenticator;
    const world = setUp({ backends: [staff, directory.backend] });

    const tested = await world.test('right');

    expect(tested).toMatchObject({ kind: 'tested', identity: { username: 'alice', backend: 'corp' } });
    expect(textsOf(tested)).toBe(
      'backend staff does not know this user; the next one is asked\nbackend corp authenticates alice, no group: no rule for groups applies',
    );
    expect(lastText(await test('wrong'))).toBe('backend corp rejects the login: wrong-password');
  });

  it('leaves nothing in the login cache, and gives nobody trust', async () => {
    const { directory, ledger, test, logIn } = setUp();

    await test('right');
    await test('wrong');
    const { right, wrong, trusted } = ledger.sizes();
    const login = await logIn('right');

    expect({ right, wrong, trusted }).toEqual({ right: 0, wrong: 0, trusted: 0 });
    expect([login, directory.seen]).toEqual(['authenticated', ['alice/right', 'alice/wrong', 'alice/right']]);
    // The control: a login does both.
    expect(ledger.sizes()).toMatchObject({ right: 1, trusted: 2 });
  });

  it('puts no account on hold, as a login does', async () => {
    const held = { kind: 'rejected', reason: 'mfa-required', holdFor: 60 } as const;
    const { chained, seen } = fakeBackend(held, { name: 'corp' });
    const { test } = setUp({ backends: [chained.authenticator] });

    await test('one');
    await test('two');

    expect(seen).toEqual(['alice/one', 'alice/two']);
  });

  it('reports a backend that fails or takes too long as failed', async () => {
    const down = fakeBackend('down', { name: 'corp' }).chained.authenticator;
    const never = { ...down, authenticate: () => new Promise<never>(() => undefined) };
    const limited: Timer = {
      ...noWaiting,
      within: async () => {
        throw new BrokerError('backend_unavailable', 'no answer in time');
      },
    };

    const failed = await setUp({ backends: [down] }).test('right');
    const late = setUp({ backends: [never], timer: limited });
    const hanging = await late.test('right');

    expect(lastText(failed)).toBe('backend corp failed: corp is down');
    expect(lastText(hanging)).toBe('backend corp failed: no answer in time');
    expect(late.audit.events).toMatchObject([{ outcome: 'failed', cause: 'backend corp failed: no answer in time' }]);
  });

  it('runs alone: a second one in the meantime is not made', async () => {
    const { promise, resolve } = Promise.withResolvers<typeof REFUSED>();
    const slow = { ...fakeBackend(REFUSED).chained.authenticator, authenticate: () => promise };
    const { test } = setUp({ backends: [slow] });

    const first = test('one');
    const second = await test('two', 'bob');
    resolve(REFUSED);
    await first;

    expect([second.kind, (await test('three')).kind]).toEqual(['busy', 'tested']);
  });
});

describe('the audit trail of a test', () => {
  it('has who tested whom with which result, before anybody reads it', async () => {
    const { audit, test } = setUp();

    await test('right');
    await test('wrong');
    await test('right', 'nobody');

    const about = { type: 'login-test', by: 'olga', request: { requestId: 'r-1', client: OFFICE }, backend: 'corp' };
    expect(audit.events).toEqual([
      { ...about, username: 'alice', outcome: 'authenticated' },
      { ...about, username: 'alice', outcome: 'rejected', reason: 'wrong-password' },
      { ...about, username: 'nobody', outcome: 'unknown-user' },
    ]);
  });

  it('never has the password, nor do the steps', async () => {
    const down = fakeBackend('down', { name: 'corp' }).chained.authenticator;
    const shown = async ({ audit, test }: ReturnType<typeof setUp>): Promise<string> => {
      const tested = await test('the-password-of-alice');
      return JSON.stringify([tested, audit.events, audit.events.flatMap(auditLines)]);
    };

    const texts = await Promise.all([shown(setUp()), shown(setUp({ backends: [down] }))]);

    expect(texts.join()).toContain('"user":"alice"');
    expect(texts.join()).not.toContain('the-password-of-alice');
  });

  it('is demanded where the configuration demands it: without its line, there is no result', async () => {
    const { directory, audit, test } = setUp();
    audit.commit = async () => {
      throw new BrokerError('audit_unavailable', 'disk full');
    };

    await expect(test('right')).rejects.toThrow('disk full');
    expect(directory.seen).toEqual(['alice/right']);
  });
});

describe('the limits of tests', () => {
  it('send a directory fewer wrong passwords of an account than lock it, whoever tests', async () => {
    const { directory, test } = setUp();

    for (let guess = 0; guess < 8; guess += 1) await test(`guess-${guess}`, 'alice', identity(`admin-${guess % 3}`));

    expect(directory.wrong('alice')).toBe(MAX - 2);
    expect(textsOf(await test('guess-9'))).toContain('no password was sent, so that the directory does not lock it');
  });

  it('count together with logins', async () => {
    const { directory, test, logIn } = setUp();

    for (const password of ['a', 'b']) await logIn(password, CLIENT);
    for (const password of ['c', 'd', 'e']) await test(password);

    expect(directory.wrong('alice')).toBeLessThan(MAX);
    // The owner has an attempt left.
    await logIn('f', '10.9.9.9');
    expect(directory.wrong('alice')).toBeLessThan(MAX);
  });

  it('are not lifted where the administrator logs in from the network of the user', async () => {
    const { directory, test, logIn } = setUp();
    await logIn('right', OFFICE);

    for (let guess = 0; guess < 8; guess += 1) await test(`guess-${guess}`);

    expect(directory.wrong('alice')).toBe(MAX - 2);
    // The control: the trust of the owner lifts the limit of logins.
    await logIn('guess-a', OFFICE);
    expect(directory.wrong('alice')).toBe(MAX - 1);
  });

  it('send the same wrong password once', async () => {
    const { directory, test } = setUp();

    await test('wrong');
    const again = await test('wrong');

    expect(directory.seen).toEqual(['alice/wrong']);
    expect(textsOf(again)).toContain('was not sent again');
  });

  it('allow so many tests of one name in an hour, also where passwords lock no account', async () => {
    const file = fakeDirectory({ accounts: { alice: { password: 'right' } }, verifiesPasswords: true });
    const { clock, audit, test } = setUp({ backends: [file.backend] });

    for (let guess = 0; guess < TESTS.ofName; guess += 1) await test(`guess-${guess}`, 'alice', identity(`${guess}`));
    const refused = await test('right', 'ALICE', identity('another'));
    const sent = file.seen.length;
    clock.advance(HOUR);

    expect(refused).toEqual({ kind: 'limited', by: 'ofName', retryAfter: HOUR });
    expect(sent).toBe(TESTS.ofName);
    expect(audit.events.at(-1)).toMatchObject({ outcome: 'limited', by: 'another', username: 'ALICE' });
    expect((await test('right')).kind).toBe('tested');
  });

  it('allow an administrator so many tests in an hour, whatever the names and results', async () => {
    const { directory, test } = setUp();
    for (let count = 0; count < TESTS.byAdministrator; count += 1)
      await test('right', count % 2 ? 'alice' : `user-${count}`);
    const reached = directory.logins();

    const refused = await test('right', 'bob');
    const another = await test('right', 'bob', identity('another', 'corp'));

    expect(refused).toMatchObject({ kind: 'limited', by: 'byAdministrator' });
    expect([directory.logins() - reached, another.kind]).toEqual([1, 'tested']);
  });

  it('do not concern tokens of backends, which cannot be guessed, but those of the administrator', async () => {
    const ci = fakeBackend(REFUSED, { name: 'ci', accepts: 'tokens' });
    const { ledger, test } = setUp({ backends: [ci.chained.authenticator] });

    const tested = await test(JWT, '');

    expect([textsOf(tested), ci.seen.length]).toEqual(['backend ci rejects the login: wrong-password', 1]);
    expect(ledger.sizes().counted).toBe(2);
  });
});
