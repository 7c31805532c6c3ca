/** Several brokers act as one: real processes with one store. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { freeze } from '../support/halt.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { ASK_WEB, granted, startStaticBroker, STATIC_CONFIG, usersYaml } from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { REDIS, startStore } from '../support/valkey.ts';
import type { Store } from '../support/valkey.ts';
import { waitFor } from '../support/wait.ts';

const program = findPart(REDIS);

let resources: AsyncDisposableStack;
beforeEach(() => {
  resources = new AsyncDisposableStack();
});
afterEach(() => resources.disposeAsync());

const fairlead = (broker: Broker, ...args: readonly string[]): Promise<Result> =>
  run(process.execPath, [MAIN, ...args, '--config', join(broker.folder, 'broker.yaml')]);

/** The last thing that a broker opens is its control socket. */
const listening = (broker: Broker): Promise<unknown> => broker.waitForLine(({ message }) => message === 'listening');

const flushes = (broker: Broker): number =>
  broker.log().filter(({ message }) => message.startsWith('login cache flushed')).length;

describe('two brokers with one stateDir', () => {
  it('are both flushed by the command, and the one that is left after the other was killed', async () => {
    const first = resources.use(await startStaticBroker());
    const stateDir = join(first.folder, 'state');
    const second = resources.use(await startStaticBroker({ config: { ...STATIC_CONFIG, stateDir } }));

    await Promise.all([first, second].map(listening));

    const both = await fairlead(first, 'flush');
    await waitFor('both flushes in the log', () => flushes(first) === 1 && flushes(second) === 1);
    first.signal('SIGKILL');
    await first.process.exited;
    const left = await fairlead(second, 'flush');

    expect(both).toMatchObject({ code: 0, stdout: 'login cache flushed\nlogin cache flushed\n' });
    expect(left).toMatchObject({ code: 0, stdout: 'login cache flushed\n' });
    await waitFor('the second flush in the log', () => flushes(second) === 2);
  });

  it('are named by the command when they do not answer', async () => {
    const broker = resources.use(await startStaticBroker());
    await listening(broker);
    await freeze(broker.process.pid);
    resources.defer(() => broker.signal('SIGCONT'));

    const { code, stderr } = await fairlead(broker, 'flush');

    expect(code).toBe(1);
    expect(stderr).toMatch(/the broker at .*\/control\/[0-9a-f]{8}\.sock does not answer: it was NOT flushed/);
  });
});

describe.skipIf(program === undefined)('brokers that share a store', () => {
  const together = new AsyncDisposableStack();
  let store: Store;
  let first: Broker;
  let second: Broker;

  beforeAll(async () => {
    store = together.use(await startStore(program ?? ''));
    const shared = { valkey: { urls: [`redis://127.0.0.1:${store.port}`] }, keyFile: 'fleet.key' };
    const files = { 'fleet.key': 'k'.repeat(44), 'users.yaml': await usersYaml() };
    const start = (): Promise<Broker> => startStaticBroker({ config: { ...STATIC_CONFIG, shared }, files });
    first = together.use(await start());
    second = together.use(await start());
    await seeEachOther();
  });
  afterAll(() => together.disposeAsync());

  async function metric(broker: Broker, name: string): Promise<string | undefined> {
    const page = await (await fetch(`${broker.url}/metrics`)).text();
    return page
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1);
  }

  const seeEachOther = (): Promise<unknown> =>
    waitFor('the brokers to see each other', async () => {
      const counts = [first, second].map((broker) => metric(broker, 'fairlead_fleet_brokers'));
      return (await Promise.all(counts)).every((count) => count === '2');
    });

  const sources = (broker: Broker): readonly unknown[] =>
    broker.log().flatMap(({ event, source }) => (event === 'login' ? [source] : []));

  it('share logins, and a flush at one is a flush at both', async () => {
    await granted(first);
    await granted(second);

    const { code, stdout } = await fairlead(first, 'flush');
    await granted(second);
    await waitFor(
      'all in the logs',
      () => sources(second).length === 2 && [first, second].every((one) => flushes(one) === 1),
    );

    expect(code).toBe(0);
    expect(stdout).toMatch(/^login cache flushed; also at \S+:\d+\n$/);
    expect([first, second].map(flushes)).toEqual([1, 1]);
    expect([first, second].map(sources)).toEqual([['backend'], ['memory', 'backend']]);
  });

  it('are listed with what is in force, and with what differs', async () => {
    const equal = await fairlead(first, 'fleet');
    await second.write('policy.yaml', TEAM_POLICY.replace('}', ' }'));
    await second.waitForLine(({ message }) => message === 'policy reloaded');
    const differing = await waitFor('the difference', async () => {
      const result = await fairlead(first, 'fleet', 'list', '--format', 'json');
      return result.code === 1 ? result : undefined;
    });

    const listed: { readonly brokers: readonly { readonly name: string }[] } = JSON.parse(differing.stdout);
    const names = [first, second].map(({ process: { pid } }) => expect.stringMatching(new RegExp(`:${pid}$`)));
    expect(equal).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^BROKER +SEEN +CONFIG +KEYS +POLICY +USERS LOCAL\n/),
    });
    expect(listed).toMatchObject({ differences: ['policy'] });
    expect(listed.brokers.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });

  it('inspect the store with `check --connect`', async () => {
    const { code, stdout } = await fairlead(first, 'check', '--connect');

    expect(code).toBe(0);
    expect(stdout).toMatch(/shared store: Redis 7\.\d+\.\d+\n/);
    expect(stdout).toMatch(/shared store: 2 brokers use it\n/);
  });

  it('are named where a flush does not reach them', async () => {
    await freeze(second.process.pid);

    const { code, stderr } = await fairlead(first, 'flush').finally(() => second.signal('SIGCONT'));
    await waitFor('the flush to reach the other all the same', () => flushes(second) === 2);

    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`login cache flushed; NOT at \\S+:${second.process.pid}, within a second`));
  });

  it('show an outage of the store, answer all the same, and reach each other again after it', async () => {
    await granted(first);
    await store.stop();
    await first.waitForLine(({ message }) => message === 'shared store down');

    const during = await granted(first);
    const wrong = await first.token(ASK_WEB, { user: 'alice', password: 'wrong-password-66' });
    const state: unknown = await (await fetch(`${first.url}/readyz`)).json();
    const up = await metric(first, 'fairlead_shared_store_up');
    const flush = await fairlead(first, 'flush');
    const check = await fairlead(first, 'check', '--connect');
    await store.start();
    await waitFor('the flush to reach the other', () => flushes(second) === 3);

    expect([during, wrong.status, up]).toEqual(['pull,push', 401, '0']);
    expect(state).toMatchObject({ status: 'degraded', shared: { state: 'down', brokers: 2 } });
    expect(flush).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/login cache flushed; NOT at other brokers/),
    });
    expect(check).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/shared store: cannot be used: .*ECONNREFUSED/),
    });
  });
});
