/**
 * `npm run bench:fleet`: what a cached login costs a broker with a shared ledger, compared with one in memory in the same
 * run: processor time of the process, and the median of the time of one login. Also the memory that the store needs.
 */
import { deadlineIn } from '../../src/core/deadline.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Shield } from '../../src/flows/shield/shield.ts';
import { systemTimer } from '../../src/platform/timer.ts';
import { ANSWER_CACHE_SECONDS } from '../../src/platform/valkey/answer-cache.ts';
import { authenticated, fakeBackend } from '../support/fake-backend.ts';
import { realClock } from '../support/fakes.ts';
import { openMember } from '../support/fleet-member.ts';
import { median } from '../support/quantile.ts';
import { testShield } from '../support/shielded.ts';
import { BUSY, REDIS, startStore } from '../support/valkey.ts';
import type { Store } from '../support/valkey.ts';
import { findPart } from '../support/parts.ts';
import { printRow } from './table.ts';

const USERS = 2000;
const ROUNDS = 5;
const AT_ONCE = 16;
const SETTINGS = { maxWrongPerAccount: 4, maxWrongPerAddress: 200, remember: 900, window: 1800 };
const { authenticator } = fakeBackend(authenticated('a-user-of-the-bench')).chained;

interface Cost {
  /** Microseconds of processor time for one login. */
  readonly cpu: number;
  /** Milliseconds of the median, one login at a time. */
  readonly p50: number;
}

async function logIn(shield: Shield, n: number): Promise<void> {
  const login = shield.begin(
    { username: `user-${n}`, password: new Secret(`password-${n}`) },
    `10.0.${n >> 8}.${n & 255}`,
  );
  const { outcome } = await login.ask(authenticator, deadlineIn(realClock, 8000));
  await login.end(outcome);
}

/** Each user once, some at the same time. */
async function everybody(shield: Shield): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < USERS) await logIn(shield, (next += 1));
    }),
  );
}

async function measure(shield: Shield): Promise<Cost> {
  const before = process.cpuUsage();
  await everybody(shield);
  const { user, system } = process.cpuUsage(before);
  await answerCacheEnds();
  const times: number[] = [];
  for (let n = 1; n <= 500; n += 1) {
    const began = performance.now();
    await logIn(shield, n);
    times.push(performance.now() - began);
  }
  return { cpu: (user + system) / USERS, p50: median(times) };
}

/** After this, the store is asked about each login. */
const answerCacheEnds = (): Promise<void> => systemTimer.sleep(1000 * ANSWER_CACHE_SECONDS + 50);

async function usedMemory(store: Store): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(String(await store.call('INFO', 'memory')))?.[1]);
}

const best = (costs: readonly Cost[]): Cost => ({
  cpu: Math.min(...costs.map(({ cpu }) => cpu)),
  p50: Math.min(...costs.map(({ p50 }) => p50)),
});

await using store = await startStore(findPart(REDIS) ?? '');
await using member = await openMember({ address: store.address, patience: BUSY, settings: SETTINGS });
const memory = testShield({ settings: SETTINGS, maxEntries: 50_000 });
const empty = await usedMemory(store);
for (const shield of [memory, member.shield]) await everybody(shield);
const filled = await usedMemory(store);
const costs = { memory: [] as Cost[], shared: [] as Cost[] };
for (let round = 0; round < ROUNDS; round += 1) {
  costs.memory.push(await measure(memory));
  await answerCacheEnds();
  costs.shared.push(await measure(member.shield));
}
const [inMemory, shared] = [best(costs.memory), best(costs.shared)];
process.stdout.write(`Node ${process.version}, ${USERS} users, best of ${ROUNDS}\n`);
printRow('a cached login', 'CPU us', 'p50 ms');
printRow('ledger in memory', inMemory.cpu, inMemory.p50);
printRow('shared ledger', shared.cpu, shared.p50);
printRow('difference', shared.cpu - inMemory.cpu, shared.p50 - inMemory.p50);
printRow('bytes in the store for each login', (filled - empty) / USERS);
