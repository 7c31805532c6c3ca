/** The store is down, in the ways of servers and networks: logins go on, and wrong passwords stay limited. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { systemTimer } from '../../src/platform/timer.ts';
import { ANSWER_CACHE_SECONDS } from '../../src/platform/valkey/answer-cache.ts';
import { authenticated, fakeBackend, REFUSED } from '../support/fake-backend.ts';
import { openMember } from '../support/fleet-member.ts';
import type { TestMember } from '../support/fleet-member.ts';
import { startOutageProxy } from '../support/outage-proxy.ts';
import type { OutageProxy } from '../support/outage-proxy.ts';
import { findPart } from '../support/parts.ts';
import { logInThrough, word } from '../support/shielded.ts';
import { addressOf, BUSY, REDIS, startStore } from '../support/valkey.ts';
import type { Store } from '../support/valkey.ts';
import { waitFor } from '../support/wait.ts';

const MAX = 4;
/** In milliseconds. A request waits half a second for the store at most; a busy machine takes its time. */
const MOST_WAIT = 3000;

const program = findPart(REDIS);

describe.skipIf(program === undefined)('brokers whose shared store is down', () => {
  let resources: AsyncDisposableStack;
  let store: Store;
  let proxy: OutageProxy;
  let brokers: readonly TestMember[];

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    store = resources.use(await startStore(program ?? ''));
    proxy = resources.use(await startOutageProxy(() => store.port));
  });
  afterEach(() => resources.disposeAsync());

  async function openBrokers(count: number, options: Partial<Parameters<typeof openMember>[0]> = {}): Promise<void> {
    const members = [];
    for (let n = 0; n < count; n += 1) {
      members.push(resources.use(await openMember({ address: addressOf(proxy.port), ...options })));
    }
    brokers = members;
    await waitFor('all brokers to see each other', () =>
      brokers.every(({ shared }) => shared.state().brokers === count && shared.state().down === undefined),
    );
  }

  const outages = [
    ['is killed', () => store.stop(), () => store.start()],
    ['is frozen', () => store.signal('SIGSTOP'), () => store.signal('SIGCONT')],
    ['is cut off without a word', () => proxy.hang(), () => proxy.restore()],
    ['answers a byte every half second', () => proxy.slow(), () => proxy.restore()],
    ['answers with something else', () => proxy.nonsense(), () => proxy.restore()],
  ] as const;

  /** One login of each broker for each user, one after the other. @returns the slowest, in milliseconds */
  async function logInEverywhere(authenticator: Authenticator, users: readonly string[]): Promise<number> {
    let slowest = 0;
    for (const { shield } of brokers) {
      for (const username of users) {
        const before = performance.now();
        const answer = await logInThrough(shield, authenticator, { username, password: 'correct' });
        expect(word(answer)).toBe('authenticated');
        slowest = Math.max(slowest, performance.now() - before);
      }
    }
    return slowest;
  }

  it.each(outages)(
    'answer all correct logins while it %s, and use it again when it is back',
    async (_how, fail, heal) => {
      await openBrokers(2);
      const { authenticator } = fakeBackend(authenticated('alice')).chained;
      await logInEverywhere(authenticator, ['warm']);
      await systemTimer.sleep(1000 * ANSWER_CACHE_SECONDS);
      await fail();

      const slowest = await logInEverywhere(authenticator, ['warm', 'cold-1', 'cold-2', 'cold-3']);
      await waitFor('the outage to be noticed', () => brokers.every(({ shared }) => shared.state().down !== undefined));
      await heal();
      await waitFor('the store to be used', () => brokers.every(({ shared }) => shared.state().down === undefined));

      expect(slowest).toBeLessThan(MOST_WAIT);
      for (const { log } of brokers) {
        const messages = log.filter(({ level }) => level !== 'warn').map(({ message }) => message);
        // A further cause is logged when the connection fails in another way than the command did.
        expect(messages.filter((message) => message !== 'shared store still down')).toEqual([
          'shared store down',
          'shared store up again',
        ]);
      }
    },
  );

  describe('when each of its answers comes late', () => {
    const DELAY_MS = 700;
    /** Five commands, one after the other. */
    const SUM_MS = 5 * DELAY_MS;
    const patient = { silenceMs: 60_000, replyMs: 60_000 };
    const { authenticator } = fakeBackend(authenticated('alice')).chained;

    it('wait for all answers together where nothing limits that', async () => {
      await openBrokers(1, { patience: { ...patient, loginMs: 60_000 } });
      proxy.delay(DELAY_MS);

      expect(await logInEverywhere(authenticator, ['alice'])).toBeGreaterThanOrEqual(SUM_MS);
    });

    it('wait no longer than for one login altogether, and count the login in the store', async () => {
      await openBrokers(1, { patience: { ...patient, loginMs: 400 } });
      proxy.delay(DELAY_MS);

      const slowest = await logInEverywhere(authenticator, ['alice', 'bob', 'carol']);

      expect(slowest).toBeLessThan(SUM_MS / 2);
      await proxy.restore();
      await waitFor('the store to be up', () => brokers.every(({ shared }) => shared.state().down === undefined));
      await waitFor('no login to be under way in the store', async () => {
        const flights = await store.call('KEYS', 'fl:flight:*');
        return Array.isArray(flights) && flights.length === 0;
      });
    });
  });

  /** Guesses at one account from many networks, at all brokers in turn. */
  async function guess(authenticator: Authenticator, count: number, from: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const broker = brokers[n % brokers.length];
      if (broker === undefined) throw new Error('there is no broker');
      const client = `198.${from + n}.100.1`;
      await logInThrough(broker.shield, authenticator, { password: `guess-${from}-${n}`, client }).catch(
        () => undefined,
      );
    }
  }

  const settings = { maxWrongPerAccount: MAX };

  it('allow each broker its share of wrong passwords, and count them in the store when it is back', async () => {
    await openBrokers(2, { settings });
    const backend = fakeBackend(REFUSED);
    await store.stop();
    await waitFor('the outage to be noticed', () => brokers.every(({ shared }) => shared.state().down !== undefined));

    await guess(backend.chained.authenticator, 12, 0);
    const during = backend.seen.length;
    await store.start();
    await waitFor('the store to be used', () => brokers.every(({ shared }) => shared.state().down === undefined));
    await guess(backend.chained.authenticator, 12, 100);

    // Three are the limit of logins that are not trusted: one for each of two brokers.
    expect(during).toBe(2);
    expect(backend.seen.length).toBe(MAX - 1);
  });

  it('allow no more of an account whose limit was used up before', async () => {
    await openBrokers(2, { settings, patience: BUSY });
    const backend = fakeBackend(REFUSED);
    await guess(backend.chained.authenticator, 12, 0);
    const before = backend.seen.length;
    await store.stop();
    await waitFor('the outage to be noticed', () => brokers.every(({ shared }) => shared.state().down !== undefined));

    await guess(backend.chained.authenticator, 12, 100);

    expect([before, backend.seen.length]).toEqual([MAX - 1, MAX - 1]);
  });

  it('do not count a wrong password again that was known before', async () => {
    await openBrokers(2, { settings: { maxWrongPerAccount: 2 }, patience: BUSY });
    const right = { ...fakeBackend(authenticated('alice')).chained.authenticator, verifiesPasswords: true };
    const wrong = { ...fakeBackend(REFUSED).chained.authenticator, verifiesPasswords: true };
    for (const { shield } of brokers) await logInThrough(shield, wrong, { password: 'old' });
    await store.stop();
    await waitFor('the outage to be noticed', () => brokers.every(({ shared }) => shared.state().down !== undefined));

    const words = [];
    for (const { shield } of brokers) {
      words.push(word(await logInThrough(shield, wrong, { password: 'old' })));
      words.push(word(await logInThrough(shield, right, { password: 'correct' })));
    }

    expect(words).toEqual(['wrong-password', 'authenticated', 'wrong-password', 'authenticated']);
  });

  it('refuse logins that are not cached where the configuration says so, as an outage and never as a wrong password', async () => {
    await openBrokers(1, { settings, whenDown: 'refuse' });
    const [broker] = brokers;
    const { authenticator } = fakeBackend(authenticated('alice')).chained;
    if (broker === undefined) throw new Error('there is no broker');
    const warm = await logInThrough(broker.shield, authenticator, { username: 'warm', password: 'correct' });
    await store.stop();
    await waitFor('the outage to be noticed', () => broker.shared.state().down !== undefined);

    const again = await logInThrough(broker.shield, authenticator, { username: 'warm', password: 'correct' });
    const cold = logInThrough(broker.shield, authenticator, { username: 'cold', password: 'correct' });

    await expect(cold).rejects.toMatchObject({ code: 'backend_unavailable', retryAfter: 5 });
    expect([warm, again].map(word)).toEqual(['authenticated', 'authenticated']);
  });

  it('end an old password when the store is back, however long it was down', async () => {
    await openBrokers(2);
    const [first, second] = brokers;
    if (first === undefined || second === undefined) throw new Error('there are no brokers');
    const { authenticator } = fakeBackend(authenticated('alice')).chained;
    const changed = fakeBackend(REFUSED);
    await logInThrough(first.shield, authenticator, { password: 'old' });
    await systemTimer.sleep(1000 * ANSWER_CACHE_SECONDS);
    proxy.hang();
    await waitFor('the outage to be noticed', () => brokers.every(({ shared }) => shared.state().down !== undefined));
    await logInThrough(first.shield, authenticator, { password: 'new' });
    await proxy.restore();
    await waitFor('the store to be used', () => brokers.every(({ shared }) => shared.state().down === undefined));

    const answer = await logInThrough(second.shield, changed.chained.authenticator, { password: 'old' });

    expect(word(answer)).toBe('wrong-password');
  });

  it('leave nobody waiting for a login that came to its end while the store was down', async () => {
    await openBrokers(2);
    const [first, second] = brokers;
    if (first === undefined || second === undefined) throw new Error('there are no brokers');
    const { authenticator } = fakeBackend(authenticated('alice')).chained;
    const answer = Promise.withResolvers<AuthnOutcome>();
    const asked = Promise.withResolvers<void>();
    const slow: Authenticator = {
      ...authenticator,
      authenticate: () => {
        asked.resolve();
        return answer.promise;
      },
    };
    const underWay = logInThrough(first.shield, slow, { password: 'correct' });
    await asked.promise;
    proxy.hang();
    await waitFor('the outage to be noticed', () => brokers.every(({ shared }) => shared.state().down !== undefined));
    answer.resolve(authenticated('alice'));
    await underWay;
    await proxy.restore();
    await waitFor('the store to be used', () => brokers.every(({ shared }) => shared.state().down === undefined));

    // Otherwise it waits for longer than a login may take.
    expect(word(await logInThrough(second.shield, authenticator, { password: 'correct' }))).toBe('authenticated');
  });

  it('take the least share of a limit where they start without it, because nobody knows how many they are', async () => {
    await store.stop();
    const broker = resources.use(await openMember({ address: addressOf(proxy.port), settings }));
    brokers = [broker];
    const backend = fakeBackend(REFUSED);
    await waitFor('the outage to be noticed', () => broker.shared.state().down !== undefined);

    await guess(backend.chained.authenticator, 12, 0);

    expect(backend.seen.length).toBe(1);
  });

  it('start without it, and use it when it comes', async () => {
    await store.stop();
    const broker = resources.use(await openMember({ address: addressOf(proxy.port) }));
    const { authenticator } = fakeBackend(authenticated('alice')).chained;

    const answer = await logInThrough(broker.shield, authenticator, { password: 'correct' });
    await waitFor('the outage to be noticed', () => broker.shared.state().down !== undefined);
    await store.start();
    await waitFor('the store to be used', () => broker.shared.state().down === undefined);

    expect(word(answer)).toBe('authenticated');
  });
});
