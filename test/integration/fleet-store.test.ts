/** What the store holds, what a flush reaches, and what comes back after a restart. */
import { createHash, createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthnOutcome } from '../../src/core/ports.ts';
import { username } from '../../src/core/identity.ts';
import type { GroupName } from '../../src/core/identity.ts';
import { systemTimer } from '../../src/platform/timer.ts';
import { ANSWER_CACHE_SECONDS } from '../../src/platform/valkey/answer-cache.ts';
import { fakeBackend, REFUSED } from '../support/fake-backend.ts';
import { fixedClock } from '../support/fakes.ts';
import { FLEET_KEY, openMember } from '../support/fleet-member.ts';
import type { TestMember } from '../support/fleet-member.ts';
import { findPart } from '../support/parts.ts';
import { logInThrough, word } from '../support/shielded.ts';
import { BUSY, REDIS, startStore } from '../support/valkey.ts';
import type { Store, StoreOptions } from '../support/valkey.ts';
import { waitFor } from '../support/wait.ts';

const ALICE: AuthnOutcome = {
  kind: 'authenticated',
  identity: {
    username: username('alice-of-the-test'),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as a backend gives it
    groups: new Set(['team-of-alice' as GroupName]),
    backend: 'fake',
    caseless: false,
    attributes: new Map([['attr:department', ['department-of-alice']]]),
    subject: 'subject-of-alice',
  },
};
const LOGIN = { username: 'alice-as-typed', password: 'password-of-alice' };

const program = findPart(REDIS);

describe.skipIf(program === undefined)('the shared store', () => {
  let resources: AsyncDisposableStack;
  let store: Store;

  beforeEach(() => {
    resources = new AsyncDisposableStack();
  });
  afterEach(() => resources.disposeAsync());

  async function startWith(options: StoreOptions = {}): Promise<void> {
    store = resources.use(await startStore(program ?? '', options));
  }

  const open = async (options: Partial<Parameters<typeof openMember>[0]> = {}): Promise<TestMember> =>
    resources.use(await openMember({ address: store.address, patience: BUSY, ...options }));

  /** All keys with their values. */
  async function dump(): Promise<ReadonlyMap<string, string>> {
    await using client = await store.client();
    const entries = new Map<string, string>();
    for (const key of asTexts(await client.call('KEYS', '*'))) {
      const type = String(await client.call('TYPE', key));
      const read = { string: ['GET', key], hash: ['HGETALL', key], zset: ['ZRANGE', key, '0', '-1'] }[type];
      const [command = '', ...args] = read ?? [];
      entries.set(key, JSON.stringify(await client.call(command, ...args)));
    }
    return entries;
  }

  const soon = (): Promise<void> => systemTimer.sleep(1000 * ANSWER_CACHE_SECONDS + 50);

  it('holds no name, group, attribute or password, and no digest of a password', async () => {
    await startWith();
    const { shield } = await open();
    await logInThrough(shield, fakeBackend(ALICE).chained.authenticator, LOGIN);
    await logInThrough(shield, fakeBackend(REFUSED).chained.authenticator, { ...LOGIN, password: 'wrong-password' });

    const text = JSON.stringify([...(await dump())]);

    const secrets = ['alice', 'team-of', 'department', 'password', '192.0.2'];
    const digests = [LOGIN.password, 'wrong-password'].flatMap((password) =>
      (['hex', 'base64', 'base64url'] as const).flatMap((encoding) => [
        createHash('sha256').update(password).digest(encoding),
        createHash('sha1').update(password).digest(encoding),
        createHmac('sha256', 'fl').update(password).digest(encoding),
        createHmac('sha256', FLEET_KEY).update(password).digest(encoding),
        createHash('sha3-256').update(password).digest(encoding),
      ]),
    );
    expect(text).toContain('fl:success:');
    for (const secret of [...secrets, ...digests]) expect(text).not.toContain(secret);
  });

  it('gives a login to another broker with all that the backend said, without a bind', async () => {
    await startWith();
    const [first, second] = [await open(), await open()];
    const backend = fakeBackend(ALICE);
    await logInThrough(first.shield, backend.chained.authenticator, LOGIN);

    const answer = await logInThrough(second.shield, backend.chained.authenticator, LOGIN);

    expect(answer).toEqual({ outcome: ALICE, source: 'memory' });
    expect(backend.seen).toHaveLength(1);
  });

  it('gives the same identity for the same login, so that a signed token can be used again', async () => {
    await startWith();
    const [first, second] = [await open(), await open()];
    const { authenticator } = fakeBackend(ALICE).chained;
    await logInThrough(first.shield, authenticator, LOGIN);
    const identities = [];
    for (let n = 0; n < 2; n += 1) {
      const { outcome } = await logInThrough(second.shield, authenticator, LOGIN);
      identities.push(outcome.kind === 'authenticated' ? outcome.identity : undefined);
      await soon();
    }

    expect(identities[0]).toBeDefined();
    expect(identities[0]).toBe(identities[1]);
  });

  it('lets a login go on when attempts that another broker has under way come to their end', async () => {
    await startWith();
    const settings = { maxWrongPerAccount: 1 };
    const [first, second] = [await open({ settings }), await open({ settings })];
    const answer = Promise.withResolvers<AuthnOutcome>();
    const slow = { ...fakeBackend(REFUSED).chained.authenticator, authenticate: () => answer.promise };
    const underWay = logInThrough(first.shield, slow, LOGIN);
    await waitFor('the attempt to be counted', async () =>
      [...(await dump()).keys()].some((key) => key.startsWith('fl:open:')),
    );

    const { authenticator } = fakeBackend(ALICE).chained;
    const waiting = logInThrough(second.shield, authenticator, { ...LOGIN, password: 'another-password' });
    await systemTimer.sleep(50);
    answer.resolve(ALICE);

    expect([await underWay, await waiting].map(word)).toEqual(['authenticated', 'authenticated']);
  });

  it('is asked once for a login that is cached, and not at all for a moment after that', async () => {
    await startWith();
    const { shield } = await open();
    const { authenticator } = fakeBackend(ALICE).chained;
    await logInThrough(shield, authenticator, LOGIN);
    await soon();
    const scripts = async (): Promise<number> => {
      const stats = String(await store.call('INFO', 'commandstats'));
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    const syncs = 4;

    const [before, started] = [await scripts(), performance.now()];
    for (let n = 0; n < 100; n += 1) await logInThrough(shield, authenticator, LOGIN);
    const after = await scripts();
    const moments = Math.ceil((performance.now() - started) / (1000 * ANSWER_CACHE_SECONDS));

    expect(after - before).toBeGreaterThan(0);
    expect(after - before).toBeLessThanOrEqual(moments * (1 + syncs));
  });

  /** The key of an entry of this kind, and its lines. */
  async function entry(kind: string): Promise<readonly [key: string, lines: readonly string[]]> {
    const keys = asTexts(await store.call('KEYS', `fl:${kind}:*`));
    const [key = ''] = keys;
    return [key, String(await store.call('GET', key)).split('\n')];
  }

  it('gives no login to another user, whoever writes there', async () => {
    await startWith();
    const { shield } = await open();
    const bob = { ...LOGIN, username: 'bob-as-typed' };
    await logInThrough(shield, fakeBackend(REFUSED).chained.authenticator, bob);
    await logInThrough(shield, fakeBackend(ALICE).chained.authenticator, LOGIN);
    const [keyOfBob] = await entry('refusal');
    const [, success] = await entry('success');
    const [latest, [end = '']] = await entry('latest');
    const moved = keyOfBob.replace('refusal', 'success');
    await store.call('SET', moved, success.join('\n'));
    await store.call('SET', latest, `${end}\n${moved}`);
    await store.call('DEL', keyOfBob);

    const answer = await logInThrough(shield, fakeBackend(REFUSED).chained.authenticator, bob);

    expect(word(answer)).toBe('wrong-password');
  });

  it.each([
    ['before', 100, 'memory'],
    ['after', 200, 'backend'],
  ])('gives a login that somebody has extended only %s the end inside its seal', async (_when, seconds, source) => {
    await startWith();
    const clock = fixedClock();
    const { shield } = await open({ clock });
    await logInThrough(shield, fakeBackend(ALICE).chained.authenticator, LOGIN);
    const [key, [, epoch = '', , ...rest]] = await entry('success');
    const [latest, [, login = '']] = await entry('latest');
    const late = '9999999999999';
    await store.call('SET', key, [late, epoch, late, ...rest].join('\n'));
    await store.call('SET', latest, `${late}\n${login}`);
    clock.advance(seconds);

    const answer = await logInThrough(shield, fakeBackend(ALICE).chained.authenticator, LOGIN);

    expect(answer.source).toBe(source);
  });

  it.each([
    ['by a message', '+subscribe'],
    ['by the exchange of epochs, where it gets no messages', '-subscribe'],
  ])('makes a flush reach another broker %s', async (_how, right) => {
    await startWith({ config: [`user other on nopass ~* &* +@all ${right}`] });
    const first = await open();
    const second = await open({ address: { ...store.address, username: 'other', readPassword: async () => 'any' } });
    const backend = fakeBackend(ALICE);
    await logInThrough(second.shield, backend.chained.authenticator, LOGIN);
    await waitFor('both to see each other', () => first.shared.state().brokers === 2);

    await first.shield.flush();
    const reach = await first.shared.fleet.reach();

    expect(reach).toEqual({ reached: [second.shared.fleet.name], missed: [] });
    expect(second.ends).toContainEqual({ kind: 'answers-and-counts', backend: undefined });
    await logInThrough(second.shield, backend.chained.authenticator, LOGIN);
    expect(backend.seen).toHaveLength(2);
  });

  it('gets a flush that it refused once, without an outage, and the flush has failed until then', async () => {
    await startWith({ config: ['user other on nopass ~* &* +@all'] });
    const first = await open({ address: { ...store.address, username: 'other', readPassword: async () => 'any' } });
    const second = await open();
    await waitFor('both to see each other', () => first.shared.state().brokers === 2);
    await store.call('ACL', 'SETUSER', 'other', '-hset');

    await first.shield.flush();
    await expect(first.shared.fleet.reach()).rejects.toThrow();
    await store.call('ACL', 'SETUSER', 'other', '+hset');

    await waitFor('the flush to reach the other broker', () =>
      second.ends.some(({ kind }) => kind === 'answers-and-counts'),
    );
  });

  it.each([
    ['that has just been seen', 0, true],
    ['that may still use its cache', 100_000, true],
    ['until no cache can hold an answer any more', 400_000, false],
  ])('names a broker that a flush does not reach, %s', async (_when, ageMs, isNamed) => {
    await startWith();
    const [first, second] = [await open(), await open()];
    await waitFor('both to see each other', () => first.shared.state().brokers === 2);
    // A heartbeat that nobody renews, as of a broker that hangs.
    const beats = asTexts(await store.call('HGETALL', 'fl:brokers'));
    const at = beats.indexOf(second.shared.fleet.id);
    await second[Symbol.asyncDispose]();
    const { id } = second.shared.fleet;
    await waitFor('it to leave', async () => !asTexts(await store.call('HGETALL', 'fl:brokers')).includes(id));
    const [since, sealed] = (beats[at + 1] ?? '').split('\n');
    await store.call('HSET', 'fl:brokers', beats[at] ?? '', `${Number(since) - ageMs}\n${sealed}`);

    await first.shield.flush();

    const missed = isNamed ? [second.shared.fleet.name] : [];
    expect(await first.shared.fleet.reach()).toEqual({ reached: [], missed });
  });

  it.each([
    ['from an older dump', true],
    ['empty', false],
  ])('brings nothing back that was flushed when it restarts %s', async (_how, hasDump) => {
    await startWith();
    const [first, second] = [await open(), await open()];
    const backend = fakeBackend(ALICE);
    await logInThrough(first.shield, backend.chained.authenticator, LOGIN);
    if (hasDump) await store.call('SAVE');
    await first.shield.flush();
    await first.shared.fleet.reach();
    await store.stop();
    await store.start();
    await waitFor('the store to be used', () =>
      [first, second].every(({ shared }) => shared.state().down === undefined),
    );
    const restored = [...(await dump()).keys()].filter((name) => name.startsWith('fl:success:'));

    const answer = await logInThrough(second.shield, backend.chained.authenticator, LOGIN);

    expect(restored).toHaveLength(hasDump ? 1 : 0);
    expect(answer.source).toBe('backend');
    expect(backend.seen).toHaveLength(2);
  });

  it('finds what is stored under the previous key while keys are rotated, and counts in both', async () => {
    await startWith();
    const next = Buffer.alloc(32, 'another fleet key');
    const settings = { maxWrongPerAccount: 4 };
    // Before, between and after the exchange of the two keys.
    const old = await open({ keys: [FLEET_KEY, next], settings });
    const fresh = await open({ keys: [next, FLEET_KEY], settings });
    const success = fakeBackend(ALICE);
    const refused = fakeBackend(REFUSED);
    await logInThrough(old.shield, success.chained.authenticator, LOGIN);
    const answer = await logInThrough(fresh.shield, success.chained.authenticator, LOGIN);

    for (let n = 0; n < 8; n += 1) {
      const { shield } = n % 2 === 0 ? old : fresh;
      const guess = { username: 'bob', password: `guess-${n}`, client: `198.${n}.100.1` };
      await logInThrough(shield, refused.chained.authenticator, guess);
    }

    expect(answer.source).toBe('memory');
    expect(refused.seen).toHaveLength(3);
  });

  it('that is full is an outage, and not an answer', async () => {
    await startWith({ config: ['maxmemory 1mb', 'maxmemory-policy noeviction'] });
    const { shield, shared } = await open();
    const { authenticator } = fakeBackend(ALICE).chained;

    const answers = [];
    for (let n = 0; n < 4; n += 1)
      answers.push(await logInThrough(shield, authenticator, { ...LOGIN, username: `${n}` }));

    expect(answers.map(word)).toEqual(Array.from({ length: 4 }, () => 'authenticated'));
    expect(shared.state().down).toMatch(/OOM|maxmemory/);
  });

  it.each([
    ['allkeys-lru', /maxmemory-policy is allkeys-lru/],
    ['volatile-ttl', undefined],
  ])('with the policy %s is warned about where counts could be evicted', async (policy, warning) => {
    await startWith({ config: ['maxmemory 100mb', `maxmemory-policy ${policy}`] });

    const { log } = await open();

    const warnings = log
      .filter(({ message }) => message === 'shared store warning')
      .map(({ fields }) => fields['warning']);
    expect(warnings).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)]);
  });
});

function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
