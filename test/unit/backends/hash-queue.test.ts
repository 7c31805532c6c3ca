/** In which order hashes are computed, with hashes that end when the test says so. */
import { describe, expect, it } from 'vitest';
import { createHashQueue } from '../../../src/backends/hash-queue.ts';

const HOUR_MS = 3_600_000;

/** A queue of two turns and eight places, whose hashes are named. */
function queueOf({ atOnce = 2, maxWaiting = 8 } = {}) {
  let now = 0;
  const queue = createHashQueue({ atOnce, maxWaiting, now: () => now });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();

  const run = (name: string, account: string | undefined, network: string | undefined = name) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const request = { account, network, expired: () => false };
    return queue.run(request, async () => {
      begun.push(name);
      ends.set(name, resolve);
      await promise;
      queue.succeeded(request);
      return name;
    });
  };
  /** Ends a hash, and lets the next one begin. */
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  const endAll = async (): Promise<void> => {
    for (let at = 0; at < begun.length; at += 1) await end(begun[at] ?? '');
  };
  return {
    begun,
    end,
    endAll,
    advance: (ms: number) => (now += ms),
    user: (name: string, network?: string) => run(name, `account of ${name}`, network),
    stranger: (name: string) => run(name, undefined),
    /** A login that succeeds while nothing waits. */
    login: async (name: string, network?: string) => {
      const done = run(name, `account of ${name}`, network);
      await end(name);
      await done;
      begun.pop();
    },
  };
}

describe('an unknown user', () => {
  it('never takes the last turn, and delays no user', async () => {
    const { stranger, user, begun, endAll } = queueOf();
    const strangers = Array.from({ length: 300 }, (_, index) => stranger(`stranger ${index}`));
    const users = Array.from({ length: 5 }, (_, index) => user(`user ${index}`));

    expect(begun).toEqual(['stranger 0', 'user 0']);
    await endAll();

    expect(begun).toEqual(['stranger 0', 'user 0', 'user 1', 'user 2', 'user 3', 'user 4']);
    expect(await Promise.all(users)).toHaveLength(5);
    expect(await Promise.all(strangers)).toEqual(['stranger 0', ...Array.from({ length: 299 }, () => undefined)]);
  });

  it('costs as much as a wrong password while nothing else is computed, also on one processor', async () => {
    for (const atOnce of [1, 2, 3]) {
      const { stranger, begun, endAll } = queueOf({ atOnce });
      const answer = stranger('stranger');

      expect(begun).toEqual(['stranger']);
      await endAll();
      await answer;
    }
  });

  it('is answered after two hashes where none is computed for it, as late as a user would be', async () => {
    const { stranger, user, end } = queueOf();
    const first = stranger('stranger');
    const users = [user('a'), user('b')];
    let isAnswered = false;
    const second = stranger('late').then(() => (isAnswered = true));

    await end('a');
    expect(isAnswered).toBe(false);
    await end('b');
    expect(isAnswered).toBe(true);

    await end('stranger');
    await Promise.all([first, second, ...users]);
  });
});

describe('the queue', () => {
  it('serves accounts that logged in lately first, then networks from which somebody did', async () => {
    const { login, user, begun, end, endAll } = queueOf({ atOnce: 1 });
    await login('alice');
    await login('bob', 'office');
    const all = [user('busy'), user('new'), user('colleague', 'office'), user('alice', 'elsewhere')];

    await end('busy');
    await endAll();

    expect(begun).toEqual(['busy', 'alice', 'colleague', 'new']);
    await Promise.all(all);
  });

  it('forgets a login after a day', async () => {
    const { login, user, begun, endAll, advance } = queueOf({ atOnce: 1 });
    await login('alice');
    advance(25 * HOUR_MS);
    const all = [user('busy'), user('new'), user('alice')];

    await endAll();

    expect(begun).toEqual(['busy', 'new', 'alice']);
    await Promise.all(all);
  });

  it('lets networks of the same rank take turns', async () => {
    const { user, begun, endAll } = queueOf({ atOnce: 1, maxWaiting: 16 });
    const all = [user('busy'), user('a1', 'a'), user('a2', 'a'), user('a3', 'a'), user('b1', 'b')];

    await endAll();

    expect(begun).toEqual(['busy', 'a1', 'b1', 'a2', 'a3']);
    await Promise.all(all);
  });

  it.each([
    ['one network', ['n', 'n', 'n']],
    ['the networks of one IPv6 site', ['2001:db8:1:1', '2001:db8:1:2', '2001:db8:1:3']],
  ])('gives %s a quarter of the places, and the others to other networks', async (_what, networks) => {
    const { user, endAll } = queueOf({ atOnce: 1 });
    const [first, second, third] = networks;
    const all = [user('busy'), user('1', first), user('2', second)];

    await expect(user('3', third)).rejects.toMatchObject({ code: 'backend_unavailable', retryAfter: 2 });
    all.push(user('4', 'another'));

    await endAll();
    await Promise.all(all);
  });

  it('keeps its last places for accounts that logged in lately', async () => {
    const { login, user, endAll } = queueOf({ atOnce: 1 });
    await login('alice');
    await login('bob');
    const all = [user('busy'), ...['1', '2', '3', '4', '5', '6'].map((name) => user(name))];

    await expect(user('7')).rejects.toMatchObject({ code: 'backend_unavailable' });
    all.push(user('alice'), user('bob'));
    await expect(user('alice')).rejects.toMatchObject({ code: 'backend_unavailable' });

    await endAll();
    await Promise.all(all);
  });
});
