/**
 * `npm run soak -- fleet [MINUTES]`: three brokers with one store behind Sentinel, and two directories, under mixed load,
 * while stores and directories are killed and frozen. Ends with 1 when an answer was wrong, when a correct password was
 * refused because of the store, when an account had more wrong passwords at the directory than the limit and a share for
 * each broker and outage, or when heap or descriptors grew.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { heapReadable } from '../support/heap.ts';
import { findPart } from '../support/parts.ts';
import { PEOPLE_DN } from '../support/slapd-entries.ts';
import { startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { SERVICE, STATIC_CONFIG } from '../support/static-broker.ts';
import { directoryBackend } from '../support/user-sources.ts';
import { REDIS, SENTINEL, startSentinels, startStore } from '../support/valkey.ts';
import type { Store } from '../support/valkey.ts';
import { waitFor } from '../support/wait.ts';
import { GUESSED_USERS, LDIF, rightLogin, startCrowd } from './clients.ts';
import type { Tally } from './clients.ts';
import { least, readGauges } from './gauge.ts';

type Verdict = (isFine: boolean, text: string) => void;

const BROKERS = 3;
const CROWD = 10;
const MAX = 4;
const QUERY = `service=${SERVICE}&scope=repository:public/app:pull`;
const POLICY = JSON.stringify({
  rules: [{ name: 'public images', everyone: true, repositories: ['public/**'], allow: ['pull'] }],
});
const DOWN_MS = 5000;
const BETWEEN_MS = 4000;
const QUIET_MS = 20_000;
const SLACK = { heapMiB: 8, descriptors: 4 } as const;

interface Fault {
  readonly what: string;
  readonly isOfStore: boolean;
  happen(): Promise<void>;
}

export async function soakFleet(minutes: number, verdict: Verdict): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const program = findPart(REDIS) ?? '';
  const primary = resources.use(await startStore(program, { config: REPLICATION }));
  const config = [...REPLICATION, `replicaof 127.0.0.1 ${primary.port}`];
  const replica = resources.use(await startStore(program, { config }));
  const sentinels = resources.use(await startSentinels(findPart(SENTINEL) ?? '', primary, 3));
  const first = resources.use(await startSlapd({ ldif: LDIF }));
  const second = resources.use(await startSlapd({ ldif: LDIF }));
  const snapshots = await mkdtemp(join(tmpdir(), 'fairlead-soak-'));
  resources.defer(() => rm(snapshots, { recursive: true }));
  const brokers: Broker[] = [];
  for (let n = 0; n < BROKERS; n += 1) {
    brokers.push(resources.use(await openBroker([first, second], sentinels.ports, snapshots)));
  }
  const faults = faultsOf([primary, replica], [first, second]);

  const before = await quietAfter(brokers, snapshots, async () => roundOf(faults, brokers, verdict));
  const tallies: Tally[] = [];
  let outages = faults.length;
  const after = await quietAfter(brokers, snapshots, async (crowds) => {
    const end = performance.now() + minutes * 60_000;
    while (performance.now() < end) {
      await roundOf(faults, brokers, verdict);
      outages += faults.length;
    }
    for (const crowd of crowds) tallies.push(crowd.tally());
  });

  report(tallies, verdict, minutes);
  const binds = guessesAt([first, second]);
  const most = Math.max(...binds.values());
  const allowed = MAX + BROKERS * outages;
  verdict(
    most <= allowed,
    `at most ${most} wrong passwords of one account reached the directory (allowed: ${allowed})`,
  );
  for (const name of ['heapMiB', 'descriptors'] as const) {
    const isLevel = after.every((gauge, n) => gauge[name] <= (before[n]?.[name] ?? 0) + SLACK[name]);
    const shown = (gauges: readonly Record<typeof name, number>[]): string =>
      gauges.map((one) => one[name].toFixed(0)).join(', ');
    verdict(isLevel, `${name} level: ${shown(before)} before, ${shown(after)} after`);
  }
}

const REPLICATION = ['repl-diskless-sync-delay 0', 'maxmemory 100mb', 'maxmemory-policy volatile-ttl'];

async function openBroker(
  [first, second]: readonly [Slapd, Slapd],
  sentinels: readonly number[],
  snapshots: string,
): Promise<Broker> {
  const urls = sentinels.map((port) => `redis://127.0.0.1:${port}`);
  return startBroker({
    env: heapReadable(snapshots),
    config: {
      ...STATIC_CONFIG,
      log: { level: 'error' },
      shared: { valkey: { sentinel: { name: 'fairlead', urls } }, keyFile: 'fleet.key' },
      // Short, so that the directory is asked all the time.
      shield: { remember: '2s', rememberRefused: '2s', wrongPasswords: { max: MAX } },
      backends: [{ ...directoryBackend(first), urls: [first.url, second.url] }],
    },
    files: { 'fleet.key': 'k'.repeat(44), 'ldap.password': first.bindPassword, 'policy.yaml': POLICY },
  });
}

function faultsOf(stores: readonly [Store, Store], [first, second]: readonly [Slapd, Slapd]): readonly Fault[] {
  const store = (what: string, happen: () => Promise<void>): Fault => ({ what, isOfStore: true, happen });
  const frozen = async (servers: readonly { signal(signal: NodeJS.Signals): void }[]): Promise<void> => {
    for (const server of servers) server.signal('SIGSTOP');
    await delay(DOWN_MS);
    for (const server of servers) server.signal('SIGCONT');
  };
  const killed = async (servers: readonly Store[]): Promise<void> => {
    for (const server of servers) await server.stop();
    await delay(DOWN_MS);
    for (const server of servers) await server.start();
  };
  return [
    store('the primary killed', async () => killed([await primaryOf(stores)])),
    store('the primary frozen', async () => frozen([await primaryOf(stores)])),
    store('both stores killed', () => killed(stores)),
    store('both stores frozen', () => frozen(stores)),
    {
      what: 'the first directory stopped',
      isOfStore: false,
      happen: async () => {
        await first.stop();
        await delay(DOWN_MS);
        await first.start();
      },
    },
    {
      what: 'the second directory and the primary killed',
      isOfStore: false,
      happen: async () => {
        await second.stop();
        await killed([await primaryOf(stores)]);
        await second.start();
      },
    },
  ];
}

async function primaryOf(stores: readonly [Store, Store]): Promise<Store> {
  return waitFor('a primary', async () => {
    for (const store of stores) {
      const info = await store.call('INFO', 'replication').catch(() => '');
      if (String(info).includes('role:master')) return store;
    }
    return undefined;
  });
}

/** Each fault once. Logins with correct passwords are answered while only the store is down. */
async function roundOf(faults: readonly Fault[], brokers: readonly Broker[], verdict: Verdict): Promise<void> {
  for (const { what, isOfStore, happen } of faults) {
    const over = happen();
    const refused: string[] = [];
    for (let n = 0; isOfStore && n < BROKERS * 8; n += 1) {
      const broker = brokers[n % BROKERS];
      const answer = await broker?.token(QUERY, rightLogin(n));
      if (answer?.status !== 200) refused.push(String(answer?.status));
      await delay(DOWN_MS / (BROKERS * 8));
    }
    await over;
    await delay(BETWEEN_MS);
    if (refused.length > 0) verdict(false, `${what}: correct passwords got ${refused.join(', ')}`);
  }
}

type Crowd = ReturnType<typeof startCrowd>;

/** @returns the least that each broker takes when it is quiet again */
async function quietAfter(
  brokers: readonly Broker[],
  snapshots: string,
  work: (crowds: readonly Crowd[]) => Promise<void>,
) {
  const crowds = brokers.map(({ url }) => startCrowd(url, QUERY, CROWD, { isFleet: true }));
  await work(crowds);
  for (const crowd of crowds) await crowd.goHome();
  for (const broker of brokers) await collectGarbage(broker, snapshots);
  const samples = brokers.map((): Awaited<ReturnType<typeof readGauges>>[] => []);
  const end = performance.now() + QUIET_MS;
  while (performance.now() < end) {
    for (const [n, { url }] of brokers.entries()) samples[n]?.push(await readGauges(url));
    await delay(2000);
  }
  return samples.map(least);
}

/** V8 collects garbage before it writes a snapshot of its heap, which is not read. */
async function collectGarbage(broker: Broker, folder: string): Promise<void> {
  broker.signal('SIGUSR2');
  let before = -1;
  const isWritten = async (): Promise<boolean> => {
    const [name] = await readdir(folder);
    if (name === undefined) return false;
    const { size } = await stat(join(folder, name));
    const isLevel = size > 0 && size === before;
    before = size;
    return isLevel;
  };
  await waitFor('the heap snapshot', isWritten, { timeoutMs: 180_000, everyMs: 2000 });
  for (const name of await readdir(folder)) await rm(join(folder, name));
}

function report(tallies: readonly Tally[], verdict: Verdict, minutes: number): void {
  const answers = new Map<string, number>();
  for (const tally of tallies) {
    for (const [name, count] of tally.answers) answers.set(name, (answers.get(name) ?? 0) + count);
  }
  const sorted = [...answers].toSorted(([one], [other]) => one.localeCompare(other));
  for (const [name, count] of sorted) process.stdout.write(`     ${name.padEnd(24)} ${count}\n`);
  const wrong = new Set(tallies.flatMap((tally) => tally.wrong));
  const slowest = Math.max(...tallies.map((tally) => tally.slowest));
  verdict(
    wrong.size === 0,
    `no wrong answer in ${minutes} minutes: ${[...wrong].join(', ') || 'none'}; slowest ${slowest.toFixed(0)} ms`,
  );
}

/** Wrong passwords by account: nobody logs in there with the correct one. */
function guessesAt(directories: readonly Slapd[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const dn of directories.flatMap((slapd) => slapd.operations().binds)) {
    const user = /^uid=([^,]+),/.exec(dn)?.[1] ?? '';
    if (dn.endsWith(PEOPLE_DN) && GUESSED_USERS.includes(user)) counts.set(user, (counts.get(user) ?? 0) + 1);
  }
  return counts.size === 0 ? new Map([['nobody', 0]]) : counts;
}
