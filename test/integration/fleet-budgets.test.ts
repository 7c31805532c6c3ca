/** Several processes share one store, and together keep the limits of one broker. */
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { passwordOf, startCountedDirectory } from '../support/counted-directory.ts';
import type { CountedDirectory } from '../support/counted-directory.ts';
import type { FleetJob } from '../support/fleet-process.ts';
import { authenticated, fakeBackend } from '../support/fake-backend.ts';
import { openMember } from '../support/fleet-member.ts';
import { findPart } from '../support/parts.ts';
import { start } from '../support/process.ts';
import type { RunningProcess } from '../support/process.ts';
import { logInThrough } from '../support/shielded.ts';
import { BUSY, REDIS, startStore } from '../support/valkey.ts';
import type { Store } from '../support/valkey.ts';

const PROCESS = resolve(import.meta.dirname, '../support/fleet-process.ts');
const MAX = 4;
const PROCESSES = 4;
const LATENCY_MS = 60;

const program = findPart(REDIS);

describe.skipIf(program === undefined)('several brokers that share one store', () => {
  let resources: AsyncDisposableStack;
  let store: Store;
  let directory: CountedDirectory;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    store = resources.use(await startStore(program ?? ''));
    directory = resources.use(await startCountedDirectory(LATENCY_MS));
  });
  afterEach(() => resources.disposeAsync());

  function startProcess(logins: FleetJob['logins'], deadlineMs = 8000): RunningProcess {
    const ports = { store: store.port, directory: directory.port };
    const job: FleetJob = { ...ports, logins, spreadMs: 400, max: MAX, deadlineMs };
    return resources.use(start(process.execPath, [PROCESS, JSON.stringify(job)]));
  }

  const guesses = (count: number, at: number): FleetJob['logins'] =>
    Array.from({ length: count }, (_, n) => ['alice', `guess-${at}-${n}`] as const);

  /** @returns the sum of the outcomes of processes that came to their end */
  async function finish(processes: readonly RunningProcess[]): Promise<Readonly<Record<string, number>>> {
    await directory.release(processes.length);
    const sums: Record<string, number> = {};
    for (const one of processes) {
      await one.exited;
      if (one.stdout() === '') continue;
      const { outcomes }: { readonly outcomes: Readonly<Record<string, number>> } = JSON.parse(one.stdout());
      for (const [word, count] of Object.entries(outcomes)) sums[word] = (sums[word] ?? 0) + count;
    }
    return sums;
  }

  it('let no more of 800 wrong passwords through than one broker does', async () => {
    const processes = Array.from({ length: PROCESSES }, (_, at) => startProcess(guesses(200, at)));

    const outcomes = await finish(processes);

    // The last attempt is left to the owner.
    expect(directory.mostWrong()).toBe(MAX - 1);
    expect(outcomes).toEqual({ rejected: 800 });
  });

  it('keep the limit when one of them is killed while it asks the directory', async () => {
    // The others wait for what it has reserved, until their deadline.
    const processes = Array.from({ length: PROCESSES }, (_, at) => startProcess(guesses(200, at), 2000));
    const killed = Promise.withResolvers<void>();
    directory.onBind(() => {
      if (directory.binds() !== 2) return;
      processes[0]?.signal('SIGKILL');
      killed.resolve();
    });

    await finish(processes);
    await killed.promise;

    expect(directory.mostWrong()).toBeLessThan(MAX);
  });

  it('keep the limit since the last success when the owner logs in between guesses', async () => {
    // The owner has logged in before, so that guesses leave an attempt.
    const before = resources.use(await openMember({ address: store.address, patience: BUSY }));
    const { authenticator } = fakeBackend(authenticated('alice')).chained;
    await logInThrough(before.shield, authenticator, { username: 'alice', password: passwordOf('alice') });
    const mixed = Array.from({ length: PROCESSES }, (_, at) =>
      guesses(50, at).flatMap((guess, n) => (n % 5 === 0 ? [guess, ['alice', passwordOf('alice')] as const] : [guess])),
    );

    const outcomes = await finish(mixed.map((logins) => startProcess(logins)));

    expect(directory.mostWrong()).toBeLessThanOrEqual(MAX);
    expect(outcomes['authenticated']).toBeGreaterThan(0);
  });

  it('ask the directory once for each of 20 passwords in 2,000 logins', async () => {
    const users = Array.from({ length: 20 }, (_, n) => `user-${n}`);
    const logins = Array.from({ length: 500 }, (_, n) => users[n % users.length] ?? '').map(
      (user) => [user, passwordOf(user)] as const,
    );

    const outcomes = await finish(Array.from({ length: PROCESSES }, () => startProcess(logins)));

    expect(directory.binds()).toBe(users.length);
    expect(outcomes).toEqual({ authenticated: 2000 });
  });

  it('ask the directory no more than once again when the one that asks is killed, and all others come to an end', async () => {
    const users = Array.from({ length: 20 }, (_, n) => `user-${n}`);
    const logins = Array.from({ length: 100 }, (_, n) => users[n % users.length] ?? '').map(
      (user) => [user, passwordOf(user)] as const,
    );
    const processes = Array.from({ length: PROCESSES }, () => startProcess(logins, 2000));
    directory.onBind(() => {
      if (directory.binds() === 1) for (const one of processes.slice(0, 1)) one.signal('SIGKILL');
    });

    const outcomes = await finish(processes);

    const sum = Object.values(outcomes).reduce((total, count) => total + count, 0);
    expect(directory.binds()).toBeLessThanOrEqual(users.length + 1);
    expect(sum).toBe(logins.length * (PROCESSES - 1));
  });
});
