/** When hashes are computed, in which order, and who is refused: with a clock that the test advances. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createHashQueue } from '../../../src/backends/hash-queue.ts';
import { BrokerError } from '../../../src/core/errors.ts';

const HOUR_MS = 3_600_000;
/** What the queue assumes before it has measured one, so that each hash takes as long as expected. */
const HASH_MS = 100;

interface Login {
  readonly exists?: boolean;
  readonly network?: string | undefined;
  /** Whether the password is correct. */
  readonly isRight?: boolean;
}

/** A queue whose hashes take `HASH_MS`. Time passes while the test awaits `done`. */
function queueOf({ atOnce = 2, maxWaiting = 8 } = {}) {
  let now = 0;
  let timers: { readonly at: number; readonly end: () => void }[] = [];
  const sleep = (ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    timers.push({ at: now + ms, end: resolve });
    return promise;
  };
  const queue = createHashQueue({ atOnce, maxWaiting, now: () => now, sleep });
  const computed: string[] = [];

  /** @returns when it is answered, in milliseconds; 'refused' when it gets no turn */
  async function logIn(name: string, { exists = true, network = name, isRight = false }: Login = {}) {
    const request = {
      name,
      network,
      login: `${name}/${isRight ? 'right' : 'wrong'}`,
      isUnknown: !exists,
      expired: () => false,
    };
    try {
      await queue.run(request, async () => {
        computed.push(name);
        await sleep(HASH_MS);
      });
    } catch (error) {
      expect(error).toMatchObject({ code: 'backend_unavailable', retryAfter: 2 });
      expect(error).toBeInstanceOf(BrokerError);
      return 'refused' as const;
    }
    if (exists && isRight) queue.succeeded(request);
    return now;
  }

  async function done<T>(logins: readonly Promise<T>[]): Promise<readonly T[]> {
    let isOver = false;
    const all = Promise.all(logins).finally(() => (isOver = true));
    for (await turn(); !isOver; await turn()) {
      const [next] = timers.toSorted((a, b) => a.at - b.at);
      if (next === undefined) continue;
      timers = timers.filter((one) => one !== next);
      now = Math.max(now, next.at);
      next.end();
    }
    return all;
  }

  return { logIn, done, computed, advance: (ms: number) => (now += ms), now: () => now };
}

const times = <T>(count: number, work: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => work(n));

describe('logins of a name that exists and of one that does not', () => {
  /** The same logins at once, in which only the existence of the name `X` differs. */
  async function answers(exists: boolean, count: number, networks: number, others = 0) {
    const { logIn, done } = queueOf({ maxWaiting: 64 });
    const background = times(others, (n) => logIn(`user-${n}`));
    const logins = times(count, (n) => logIn('X', { exists, network: `network-${n % networks}` }));
    const [answered] = await done([done(logins), ...background.map(async (one) => [await one])]);
    return answered;
  }

  it.each([
    ['one login', 1, 1],
    ['a burst from one network', 30, 1],
    ['a burst from ten networks', 30, 10],
    ['more than the queue takes', 100, 25],
  ])('are answered or refused at the same times: %s', async (_what, count, networks) => {
    const known = await answers(true, count, networks);

    expect(await answers(false, count, networks)).toEqual(known);
    // The control: there is something to see.
    expect(new Set(known).size).toBe(Math.min(count, 42));
  });

  it('are answered at the same times behind the logins of others', async () => {
    const known = await answers(true, 1, 1, 9);

    expect(known).toEqual([500]);
    expect(await answers(false, 1, 1, 9)).toEqual(known);
  });

  it('are refused at the same number of logins that wait', async () => {
    for (const exists of [true, false]) {
      const { logIn, done } = queueOf();
      const waiting = times(2 + 6, (n) => logIn(`user-${n}`));
      const answered = await done([...waiting, logIn('X', { exists })]);

      expect(answered.map((one) => one === 'refused')).toEqual([...Array(8).fill(false), true]);
    }
  });
});

describe('an unknown user', () => {
  it('delays no user: of 300 at once one hash is computed, and users do not wait for the others', async () => {
    const { logIn, done, computed } = queueOf({ maxWaiting: 1024 });
    const unknown = times(300, (n) => logIn(`unknown-${n}`, { exists: false }));
    const users = times(5, (n) => logIn(`user-${n}`));

    const [answered] = await done([done(users), ...unknown.map(async (one) => [await one])]);

    expect(computed).toEqual(['unknown-0', 'user-0', 'user-1', 'user-2', 'user-3', 'user-4']);
    expect(answered).toEqual([100, 200, 200, 300, 300]);
  });

  it('costs as much as a wrong password while nothing else is computed, also on one processor', async () => {
    for (const atOnce of [1, 2, 3]) {
      const { logIn, done, computed } = queueOf({ atOnce });

      await done([logIn('unknown', { exists: false })]);

      expect(computed).toEqual(['unknown']);
    }
  });

  it('costs at most a quarter of one processor, however many there are', async () => {
    const { logIn, done, computed, now } = queueOf();
    for (let n = 0; n < 100; n += 1) await done([logIn(`unknown-${n}`, { exists: false })]);

    expect(now()).toBe(100 * HASH_MS);
    expect(computed).toHaveLength(25);
  });
});

describe('the queue', () => {
  it('serves passwords that were correct lately first, then networks from which somebody logged in', async () => {
    const { logIn, done, computed } = queueOf({ atOnce: 1 });
    await done([logIn('alice', { isRight: true }), logIn('bob', { isRight: true, network: 'office' })]);
    computed.length = 0;

    const busy = logIn('busy');
    await turn();
    await done([
      busy,
      logIn('new'),
      logIn('colleague', { network: 'office' }),
      logIn('alice', { network: 'elsewhere' }),
      logIn('alice', { isRight: true, network: 'elsewhere' }),
    ]);

    expect(computed).toEqual(['busy', 'alice', 'colleague', 'new', 'alice']);
  });

  it('does not know a password as correct after a day', async () => {
    const { logIn, done, computed, advance } = queueOf({ atOnce: 1 });
    await done([logIn('alice', { isRight: true })]);
    advance(25 * HOUR_MS);

    await done([logIn('busy'), logIn('new'), logIn('alice', { isRight: true })]);

    expect(computed).toEqual(['alice', 'busy', 'new', 'alice']);
  });

  it.each([
    ['one network', () => 'n'],
    ['the networks of one IPv6 site', (n: number) => `2001:db8:1:${n}`],
  ])('lets %s fill no places: the others wait for one of its hashes at most', async (_what, network) => {
    const { logIn, done } = queueOf({ atOnce: 1, maxWaiting: 64 });
    const many = times(30, (n) => logIn(`user-${n}`, { network: network(n) }));

    const [answered] = await done([done([logIn('other')]), ...many.map(async (one) => [await one])]);

    expect(answered).toEqual([200]);
  });

  it('refuses a network and a name that are four seconds behind, and no others', async () => {
    const { logIn, done } = queueOf({ atOnce: 1, maxWaiting: 64 });
    const byNetwork = times(60, (n) => logIn(`user-${n}`, { network: 'n', exists: false }));
    const byName = times(60, (n) => logIn('name', { network: `m-${n}`, exists: false }));

    const answered = await done([...byNetwork, ...byName, logIn('other', { exists: false })]);

    const refused = answered.map((one) => one === 'refused');
    expect(refused).toEqual([...times(60, (n) => n > 40), ...times(60, (n) => n > 40), false]);
  });

  it('keeps its last places for passwords that were correct lately', async () => {
    const { logIn, done } = queueOf({ atOnce: 1 });
    await done([logIn('alice', { isRight: true }), logIn('bob', { isRight: true })]);
    const waiting = [logIn('busy'), ...times(6, (n) => logIn(`user-${n}`))];

    const answered = await done([
      ...waiting,
      logIn('late'),
      // A wrong password of the same user has no better place: it would show that the user exists.
      logIn('alice', { network: 'elsewhere' }),
      logIn('alice', { isRight: true }),
      logIn('bob', { isRight: true }),
    ]);

    expect(answered.slice(waiting.length).map((one) => one === 'refused')).toEqual([true, true, false, false]);
  });
});
