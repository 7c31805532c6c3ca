/** The limits of wrong passwords: what reaches a directory, who is refused, and who is not. */
import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../../src/core/deadline.ts';
import { Secret } from '../../../src/core/identity.ts';
import type { ShieldSettings } from '../../../src/flows/shield/settings.ts';
import { memoryLedger } from '../../../src/platform/ledger/memory.ts';
import { systemTimer } from '../../../src/platform/timer.ts';
import { fakeDirectory } from '../../support/fake-directory.ts';
import type { FakeDirectoryOptions } from '../../support/fake-directory.ts';
import { fixedClock } from '../../support/fakes.ts';
import { createRandom } from '../../support/random.ts';
import type { Random } from '../../support/random.ts';
import { CLIENT, logInThrough, testShield, word } from '../../support/shielded.ts';

const OWNER = '10.1.2.3';
const MAX = 4;

interface Options {
  readonly settings?: Partial<ShieldSettings>;
  readonly maxEntries?: number;
  readonly directory?: Partial<FakeDirectoryOptions>;
}

function setUp({ settings = {}, maxEntries = 1000, directory: options = {} }: Options = {}) {
  const clock = fixedClock();
  const directory = fakeDirectory({ accounts: { alice: { password: 'right' } }, ...options });
  const shield = testShield({ settings: { maxWrongPerAccount: MAX, ...settings }, clock, maxEntries });
  const logIn = async (password: string, username = 'alice', client = CLIENT): Promise<string> =>
    word(await logInThrough(shield, directory.backend, { username, password, client }, clock));
  return { clock, directory, shield, logIn };
}

/** Waits for a random number of turns of the event loop. */
function randomPause(random: Random) {
  return async (): Promise<void> => {
    for (let turns = random.int(4); turns > 0; turns -= 1) await systemTimer.turn();
  };
}

const times = <T>(count: number, work: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => work(n));

describe('the limit of an account', () => {
  it('holds in 200 rounds of 12 guesses that are mixed with the login of the owner', async () => {
    const worst: number[] = [];
    let successes = 0;
    for (let round = 0; round < 200; round += 1) {
      const pause = randomPause(createRandom(round));
      const { directory, logIn } = setUp({ settings: { remember: 0 }, directory: { pause } });
      await logIn('right', 'alice', OWNER);
      const owner = pause().then(() => logIn('right', 'alice', OWNER));
      await Promise.all(
        times(12, async (n) => {
          await pause();
          return logIn(`guess-${n}`, 'alice', `192.0.2.${n}`);
        }),
      );
      if ((await owner) === 'authenticated') successes += 1;
      worst.push(directory.mostWrong());
    }

    expect(Math.max(...worst)).toBeLessThanOrEqual(MAX);
    // The guesses do reach the directory, and the owner is not refused.
    expect(Math.max(...worst)).toBeGreaterThan(1);
    expect(successes).toBe(200);
  });

  it('lets one attempt less through for others than for the owner, whatever the number of networks', async () => {
    const { directory, logIn } = setUp();

    const answers = await Promise.all(times(50, (n) => logIn(`wrong-${n}`, 'alice', `192.0.${n}.1`)));

    expect(directory.wrong('alice')).toBe(MAX - 1);
    expect(answers.filter((answer) => answer === 'too-many-attempts (account)')).toHaveLength(50 - (MAX - 1));
  });

  it('lasts until a window after the last counted attempt', async () => {
    const { clock, directory, logIn } = setUp();
    const guess = (n: number): Promise<string> => logIn(`guess-${n}`, 'alice', `192.0.${n}.1`);
    await guess(0);
    clock.advance(299);
    await guess(1);
    clock.advance(0.1);
    await guess(2);
    clock.advance(1);

    const refused = [await guess(3), await guess(4)];
    clock.advance(299);

    expect(refused).toEqual(['too-many-attempts (account)', 'too-many-attempts (account)']);
    expect(directory.seen).toHaveLength(3);
    expect(await guess(5)).toBe('wrong-password');
  });

  it('is one for all spellings of its name', async () => {
    const { directory, logIn } = setUp();
    for (const [n, typed] of ['alice', 'ALICE', 'alice@corp.example', 'CORP\\alice', 'Alice'].entries()) {
      await logIn(`guess-${n}`, typed, `192.0.${n}.1`);
    }

    expect(directory.wrong('alice')).toBe(MAX - 1);
  });

  it('counts one wrong password that comes in several spellings at the same time once for the name', async () => {
    const { logIn } = setUp({ directory: { pause: async () => systemTimer.turn() } });
    const spellings = ['nobody', 'NOBODY', 'nobody@corp.example'];

    await Promise.all(spellings.map((name) => logIn('old', name)));
    const answers = [];
    for (let n = 0; n < MAX; n += 1) answers.push(await logIn(`other-${n}`, 'nobody'));

    expect(answers).toEqual([...Array(MAX - 1).fill('unknown-user'), 'too-many-attempts (name)']);
  });

  it('counts one wrong password in several spellings once', async () => {
    const { directory, logIn } = setUp();
    for (const typed of ['alice', 'ALICE', 'alice@corp.example', 'CORP\\alice', 'Alice']) await logIn('old', typed);

    expect(directory.seen).toEqual(['alice/old']);
    expect(await logIn('right')).toBe('authenticated');
  });

  it('is not reset when the backend reads its files again, and is reset by a flush of an operator', async () => {
    const { shield, logIn } = setUp();
    for (let n = 0; n < MAX; n += 1) await logIn(`guess-${n}`, 'alice', `192.0.${n}.1`);

    await shield.endAnswers('corp');
    const afterReload = await logIn('right', 'alice', OWNER);
    await shield.flush('corp');

    expect([afterReload, await logIn('right', 'alice', OWNER)]).toEqual([
      'too-many-attempts (account)',
      'authenticated',
    ]);
  });

  it('survives twice as many unknown names as the ledger has entries, from many networks', async () => {
    const maxEntries = 500;
    const { directory, logIn } = setUp({ maxEntries, settings: { maxWrongPerAddress: 100 } });
    for (let n = 0; n < MAX; n += 1) await logIn(`guess-${n}`, 'alice', `203.0.${n}.113`);
    const before = directory.wrong('alice');

    for (let n = 0; n < 2 * maxEntries; n += 1) await logIn('x', `unknown-${n}`, `2001:db8:${n % 20}::1`);
    for (let n = 0; n < MAX; n += 1) await logIn(`more-${n}`, 'alice', `203.0.${n}.114`);

    expect([before, directory.wrong('alice')]).toEqual([MAX - 1, MAX - 1]);
  });
});

describe('the owner', () => {
  /** From two sites: one of them alone leaves an attempt to everybody else. */
  const guessFromElsewhere = async (logIn: ReturnType<typeof setUp>['logIn'], count = 3): Promise<void> => {
    for (let n = 0; n < count; n += 1) await logIn(`guess-${n}`, 'alice', n % 2 === 0 ? '203.0.113.9' : '198.51.100.9');
  };

  it('of an account in a users file logs in after three guesses from elsewhere, without an earlier login', async () => {
    const { logIn } = setUp({ directory: { verifiesPasswords: true } });
    await guessFromElsewhere(logIn);

    expect(await logIn('right', 'alice', OWNER)).toBe('authenticated');
  });

  it.each([true, false])(
    'logs in with the password that was correct before, after any number of guesses (users file: %s)',
    async (verifiesPasswords) => {
      const { clock, logIn } = setUp({ directory: { verifiesPasswords } });
      await logIn('right', 'alice', OWNER);
      // Longer than the cache.
      clock.advance(3600);
      await guessFromElsewhere(logIn, 40);

      expect(await logIn('right', 'alice', '10.9.9.9')).toBe('authenticated');
    },
  );

  it('of an account in a directory logs in with a new password from a network of an earlier login', async () => {
    const { clock, directory, logIn } = setUp();
    await logIn('right', 'alice', OWNER);
    clock.advance(3600);
    directory.accounts.set('alice', { password: 'new' });
    await guessFromElsewhere(logIn);

    expect(await logIn('new', 'alice', '10.9.9.9')).toBe('too-many-attempts (account)');
    expect(await logIn('new', 'alice', OWNER)).toBe('authenticated');
  });

  it('of an account in a directory logs in after guesses from another site, without an earlier login', async () => {
    const { directory, logIn } = setUp();
    for (let n = 0; n < 10; n += 1) await logIn(`guess-${n}`, 'alice', `203.0.113.${n}`);

    expect(directory.wrong('alice')).toBe(MAX - 2);
    expect(await logIn('right', 'alice', OWNER)).toBe('authenticated');
  });

  it('of an account in a directory is refused after guesses from two sites when the broker knows neither password nor network', async () => {
    const { directory, logIn } = setUp();
    await guessFromElsewhere(logIn);

    expect(directory.wrong('alice')).toBe(MAX - 1);
    expect(await logIn('right', 'alice', OWNER)).toBe('too-many-attempts (account)');
  });

  it('loses the trust with a wrong password', async () => {
    const { clock, directory, logIn } = setUp();
    await logIn('right', 'alice', OWNER);
    clock.advance(3600);
    directory.accounts.set('alice', { password: 'new' });
    await guessFromElsewhere(logIn);

    // The old password uses the last attempt that the directory allows.
    const old = await logIn('right', 'alice', OWNER);

    expect([old, await logIn('new', 'alice', OWNER)]).toEqual(['wrong-password', 'too-many-attempts (account)']);
    expect(directory.wrong('alice')).toBe(MAX);
  });

  it('is trusted for days, and not for ever', async () => {
    const { clock, logIn } = setUp();
    await logIn('right', 'alice', OWNER);
    clock.advance(6 * 24 * 3600);
    await guessFromElsewhere(logIn);
    const afterDays = await logIn('right', 'alice', OWNER);
    clock.advance(8 * 24 * 3600);
    await guessFromElsewhere(logIn);

    expect([afterDays, await logIn('right', 'alice', OWNER)]).toEqual(['authenticated', 'too-many-attempts (account)']);
  });

  it.each([0, 3600])(
    'cannot be found by endless guesses of a password that was correct recently (%i s after the login)',
    async (seconds) => {
      const { clock, logIn } = setUp({ settings: { window: 7200 } });
      await logIn('right', 'alice', OWNER);
      clock.advance(seconds);
      for (let n = 0; n < 25 * MAX; n += 1) await logIn(`guess-${n}`, 'alice', '203.0.113.9');

      const found = await logIn('right', 'alice', '203.0.113.9');

      expect([found, await logIn('right', 'alice', OWNER)]).toEqual(['too-many-attempts (name)', 'authenticated']);
    },
  );
});

describe('the limit of a name', () => {
  it('refuses more from one network, whether or not the name exists', async () => {
    const { directory, logIn } = setUp();
    const answers = [];
    for (const password of ['a', 'a', 'b', 'c', 'a', 'd', 'e', 'a']) {
      answers.push([await logIn(password), await logIn(password, 'nobody')]);
    }
    const refused = answers.map(([known = '', unknown = '']) => [known, unknown].map((one) => one.endsWith('(name)')));

    expect(refused.map(([known]) => known)).toEqual([false, false, false, false, false, false, true, false]);
    expect(refused.map(([, unknown]) => unknown)).toEqual(refused.map(([known]) => known));
    expect(directory.wrong('alice')).toBe(MAX - 2);
  });

  it('is not extended by refused logins, so that a client that keeps trying can log in again', async () => {
    const { clock, logIn } = setUp();
    for (let n = 0; n < MAX; n += 1) await logIn(`guess-${n}`, 'nobody');
    for (let n = 0; n < 10; n += 1) {
      clock.advance(29);
      await logIn(`more-${n}`, 'nobody');
    }
    clock.advance(10);

    expect(await logIn('last', 'nobody')).toBe('unknown-user');
  });

  it('counts no correct login where equal ones overlap for longer than an attempt may take', async () => {
    const waiting: PromiseWithResolvers<void>[] = [];
    let blocksNext = false;
    const pause = async (): Promise<void> => {
      if (!blocksNext) return;
      blocksNext = false;
      const answer = Promise.withResolvers<void>();
      waiting.push(answer);
      await answer.promise;
    };
    const { clock, logIn } = setUp({ settings: { remember: 0 }, directory: { pause } });
    const logins: Promise<string>[] = [];
    for (let second = 0; second < 40; second += 1) {
      blocksNext = true;
      // Another spelling has a login of its own at the backend.
      logins.push(logIn('right', second % 2 === 0 ? 'alice' : 'ALICE'));
      await systemTimer.turn();
      // The login of the second before is answered while this one is under way.
      if (second > 0) waiting.shift()?.resolve();
      await systemTimer.turn();
      clock.advance(1);
    }
    waiting.shift()?.resolve();
    const answers = await Promise.all(logins);

    const guesses = [];
    for (let n = 0; n <= MAX; n += 1) guesses.push(await logIn(`guess-${n}`));

    expect(new Set(answers)).toEqual(new Set(['authenticated']));
    expect(guesses.map((guess) => guess.endsWith('(name)'))).toEqual([false, false, false, false, true]);
  });

  it('counts equal logins at the same time once', async () => {
    const { directory, logIn } = setUp({ settings: { remember: 0 } });

    const answers = await Promise.all(times(50, () => logIn('right')));

    expect(new Set(answers)).toEqual(new Set(['authenticated']));
    expect(directory.seen).toHaveLength(1);
  });
});

describe('the limit of an address', () => {
  const accounts = Object.fromEntries(times(200, (n) => [`user${n}`, { password: `right-${n}` }]));

  it('holds for 1,000 different wrong passwords of 200 accounts at the same time', async () => {
    const pause = randomPause(createRandom(1));
    const { directory, logIn } = setUp({ directory: { accounts, pause }, settings: { maxWrongPerAddress: 100 } });

    const answers = await Promise.all(times(1000, (n) => logIn(`guess-${n}`, `user${n % 200}`)));

    expect(directory.seen.length).toBeLessThanOrEqual(100);
    expect(directory.seen.length).toBeGreaterThan(90);
    expect(answers.filter((answer) => answer.startsWith('too-many-attempts')).length).toBeGreaterThanOrEqual(900);
  });

  it('acceptance 22: counts one password that is tried with every realm, one after the other or at the same time', async () => {
    const realms = times(200, (n) => `admin@r${n}`);
    for (const atOnce of [1, 200]) {
      const { directory, logIn } = setUp({
        directory: { accounts: {}, pause: async () => systemTimer.turn() },
        settings: { maxWrongPerAddress: 100 },
      });
      const answers: string[] = [];
      for (let n = 0; n < realms.length; n += atOnce) {
        answers.push(...(await Promise.all(realms.slice(n, n + atOnce).map((name) => logIn('Winter2026!', name)))));
      }

      expect(directory.logins()).toBe(100);
      expect(answers.filter((answer) => answer === 'too-many-attempts (address)')).toHaveLength(100);
    }
  });

  it('counts each spelling of a name once for each password, and the name itself once for all of them', async () => {
    const spellings = ['nobody', 'NOBODY', 'nobody@corp.example', 'CORP\\nobody'];
    const { logIn } = setUp({ settings: { maxWrongPerAddress: 5 } });
    for (const name of spellings) for (let again = 0; again < 5; again += 1) await logIn('old', name);

    expect([await logIn('other', 'nobody2'), await logIn('other', 'nobody3')]).toEqual([
      'unknown-user',
      'too-many-attempts (address)',
    ]);
  });

  it('refuses no correct passwords, however many come at the same time', async () => {
    const pause = randomPause(createRandom(2));
    const { logIn } = setUp({ directory: { accounts, pause }, settings: { maxWrongPerAddress: 10 } });

    const answers = await Promise.all(times(200, (n) => logIn(`right-${n}`, `user${n}`)));

    expect(new Set(answers)).toEqual(new Set(['authenticated']));
  });

  it('asks no backend for a login that ended while it waited, and does not count it', async () => {
    const first = Promise.withResolvers<void>();
    let blocksNext = true;
    const pause = async (): Promise<void> => {
      const blocks = blocksNext;
      blocksNext = false;
      if (blocks) await first.promise;
    };
    const { clock, directory, shield, logIn } = setUp({
      directory: { accounts, pause },
      settings: { maxWrongPerAddress: 1 },
    });
    const blocking = logIn('right-1', 'user1');
    await systemTimer.turn();
    const late = shield.begin({ username: 'user2', password: new Secret('right-2') }, CLIENT);
    const answer = late.ask(directory.backend, deadlineIn(clock, 8000)).catch((error: unknown) => error);
    await systemTimer.turn();

    await late.end(undefined);
    first.resolve();

    expect(await answer).toMatchObject({ code: 'backend_unavailable' });
    expect(await blocking).toBe('authenticated');
    expect(directory.seen).toEqual(['user1/right-1']);
    expect(await logIn('x', 'unknown')).toBe('unknown-user');
  });

  it('does not keep out those who have logged in from there, and keeps out others', async () => {
    const { clock, logIn } = setUp({ directory: { accounts }, settings: { maxWrongPerAddress: 10 } });
    await logIn('right-1', 'user1');
    clock.advance(200);
    for (let n = 0; n < 10; n += 1) await logIn('x', `unknown-${n}`);

    expect(await logIn('right-1', 'user1')).toBe('authenticated');
    expect(await logIn('right-2', 'user2')).toBe('too-many-attempts (address)');
    expect(await logIn('right-2', 'user2', '198.51.100.7')).toBe('authenticated');
  });

  it.each([
    ['its /64', '2001:db8:1:2::', 10],
    ['its /56', '2001:db8:1:2', 40],
    ['its /48', '2001:db8:1:', 160],
  ])('counts an IPv6 client in %s', async (_what, prefix, limit) => {
    const { logIn } = setUp({ settings: { maxWrongPerAddress: 10 }, maxEntries: 10_000 });
    // An attacker changes what follows the prefix.
    const client = (n: number): string =>
      ({ 14: `${prefix}${n.toString(16)}`, 12: `${prefix}${(n % 200).toString(16).padStart(2, '0')}::1` })[
        prefix.length
      ] ?? `${prefix}${(n * 64).toString(16)}::1`;
    const answers = [];
    for (let n = 0; n < 200; n += 1) answers.push(await logIn('x', `unknown-${n}`, client(n)));

    expect(answers.filter((answer) => answer === 'unknown-user')).toHaveLength(limit);
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', ''])(
    'does not exist for the address %j, which is that of a proxy on this machine',
    async (client) => {
      const { logIn } = setUp({ settings: { maxWrongPerAddress: 1 } });
      for (let n = 0; n < 5; n += 1) await logIn('x', `unknown-${n}`, client);

      expect(await logIn('right', 'alice', client)).toBe('authenticated');
    },
  );
});

it('two brokers with one ledger ask the directory once for equal logins, and keep one limit', async () => {
  const clock = fixedClock();
  const ledger = memoryLedger({ clock, maxEntries: 1000 });
  const pause = randomPause(createRandom(3));
  const accounts = Object.fromEntries(times(20, (n) => [`user${n}`, { password: `right-${n}` }]));
  const directory = fakeDirectory({ accounts, pause });
  const fingerprint = (...parts: readonly unknown[]): string =>
    parts.map((part) => (typeof part === 'string' ? part : (part as { reveal(): string }).reveal())).join('|');
  const brokers = [1, 2].map(() => testShield({ clock, ledger, fingerprint }));
  const logIn = async (n: number, username: string, password: string, network: string): Promise<string> => {
    const broker = brokers[n % 2];
    if (broker === undefined) throw new Error('there are two brokers');
    return word(
      await logInThrough(broker, directory.backend, { username, password, client: `${network}.${n}.1` }, clock),
    );
  };

  const answers = await Promise.all(times(200, (n) => logIn(n % 7, `user${n % 20}`, `right-${n % 20}`, '192.0')));
  const binds = directory.seen.length;
  await Promise.all(times(50, (n) => logIn(n, 'user1', `guess-${n}`, '198.51')));

  expect(new Set(answers)).toEqual(new Set(['authenticated']));
  expect(binds).toBe(20);
  expect(directory.wrong('user1')).toBe(MAX - 1);
});
