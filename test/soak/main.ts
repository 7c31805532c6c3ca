/**
 * `npm run soak -- [MINUTES]`: the broker under mixed load while its directory's servers are killed, frozen and
 * restarted, ten minutes by default. Ends with 1 when any answer was wrong (a refusal of a correct password, a token for
 * a wrong one), or heap or descriptors grew; before that, measures the event loop while the directory is a black hole.
 * `npm run soak -- rotation` rotates keys instead, see `rotation.ts`, `npm run soak -- logins [MINUTES]` has 100,000 users,
 * see `logins.ts`, and `npm run soak -- fleet [MINUTES] [SEED]` has three brokers with one store, see `fleet.ts`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { heapOf, heapReadable } from '../support/heap.ts';
import { startSlapd } from '../support/slapd.ts';
import { muteDirectory, STATIC_CONFIG, SERVICE } from '../support/static-broker.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';
import { directoryBackend } from '../support/user-sources.ts';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { FILE_USER, LDIF, startClients } from './clients.ts';
import type { Tally } from './clients.ts';
import { faultsOf } from './faults.ts';
import { soakFleet } from './fleet.ts';
import { least, readGauges } from './gauge.ts';
import type { Gauges } from './gauge.ts';
import { soakLogins } from './logins.ts';
import { soakRotation } from './rotation.ts';

const KINDS = ['rotation', 'logins', 'fleet'] as const;
const kind = KINDS.find((name) => name === process.argv[2]);
const MINUTES = Number((kind === undefined ? process.argv[2] : process.argv[3]) ?? 10);
const SEED = Number(process.argv[4] ?? Math.floor(Math.random() * 2 ** 32));
if (!(MINUTES > 0 && MINUTES <= 24 * 60 && Number.isInteger(SEED)))
  throw new Error('usage: npm run soak -- [rotation | logins | fleet] [MINUTES] [SEED]');

const QUERY = `service=${SERVICE}&scope=repository:public/app:pull`;
const CLIENTS = 40;
const BLACK_HOLE_CLIENTS = 200;
const BLACK_HOLE_MS = 20_000;
const LOOP_DELAY_LIMIT_MS = 20;
const SAMPLE_MS = 2000;
const QUIET_MS = 20_000;
const BETWEEN_FAULTS_MS = 4000;
/** What may differ between two quiet times that are level. */
const SLACK = { heapMiB: 8, descriptors: 2 } as const;

const POLICY = JSON.stringify({
  rules: [{ name: 'public images', everyone: true, repositories: ['public/**'], allow: ['pull'] }],
});
const USERS = JSON.stringify({ users: { [FILE_USER.user]: { password: await hashPassword(FILE_USER.password) } } });
const FILE_BACKEND = { ...STATIC_CONFIG.backends[0], usernames: [FILE_USER.user] };

const say = (text: string): void => void process.stdout.write(`${text}\n`);
let failed = false;
function verdict(isFine: boolean, text: string): void {
  failed ||= !isFine;
  say(`${isFine ? 'ok  ' : 'FAIL'} ${text}`);
}

async function blackHole(): Promise<void> {
  await using hole = await startTcpStandIn();
  await using broker = await startBroker({
    config: { ...STATIC_CONFIG, log: { level: 'error' }, backends: [FILE_BACKEND, muteDirectory(hole)] },
    files: { 'users.yaml': USERS, 'policy.yaml': POLICY },
  });
  await readGauges(broker.url);
  const clients = startClients(broker.url, QUERY, BLACK_HOLE_CLIENTS);
  await delay(BLACK_HOLE_MS);
  const { loopDelayP99 } = await readGauges(broker.url);
  await clients.stop();
  const tally = clients.tally();
  report(tally);
  verdict(tally.wrong.length === 0, 'no wrong answer while the directory is a black hole');
  verdict(
    loopDelayP99 < LOOP_DELAY_LIMIT_MS,
    `event loop delay p99 ${loopDelayP99.toFixed(1)} ms with ${BLACK_HOLE_CLIENTS} clients at a black hole (limit ${LOOP_DELAY_LIMIT_MS})`,
  );
}

async function soak(): Promise<void> {
  await using first = await startSlapd({ ldif: LDIF });
  await using second = await startSlapd({ ldif: LDIF });
  await using resources = new AsyncDisposableStack();
  const snapshots = await mkdtemp(join(tmpdir(), 'fairlead-soak-'));
  resources.defer(() => rm(snapshots, { recursive: true }));
  await using broker = await startBroker({
    env: heapReadable(snapshots),
    config: {
      ...STATIC_CONFIG,
      log: { level: 'error' },
      // Short, so that the directory is asked all the time.
      shield: { remember: '2s', rememberWrong: '12s', rememberRefused: '2s', wrongPasswords: { window: '10s' } },
      backends: [FILE_BACKEND, { ...directoryBackend(first), urls: [first.url, second.url] }],
    },
    files: { 'users.yaml': USERS, 'ldap.password': first.bindPassword, 'policy.yaml': POLICY },
  });
  const faults = faultsOf(first, second, broker);

  const before = await quietAfter(broker, snapshots, async () => {
    for (const { happen } of faults) {
      await happen();
      await delay(BETWEEN_FAULTS_MS);
    }
  });
  const tallies: Tally[] = [];
  const after = await quietAfter(broker, snapshots, async (clients) => {
    const end = performance.now() + MINUTES * 60_000;
    for (let round = 0; performance.now() < end; round += 1) {
      const fault = faults[round % faults.length];
      if (fault === undefined) break;
      await fault.happen();
      await delay(BETWEEN_FAULTS_MS);
      if (round % faults.length === 0) await progress(broker.url, fault.what, clients.tally());
    }
    tallies.push(clients.tally());
  });

  for (const tally of tallies) report(tally);
  verdict(
    tallies.every(({ wrong }) => wrong.length === 0),
    `no wrong answer in ${MINUTES} minutes`,
  );
  for (const name of ['heapMiB', 'descriptors'] as const) {
    verdict(
      after[name] <= before[name] + SLACK[name],
      `${name} level: ${before[name].toFixed(1)} before, ${after[name].toFixed(1)} after`,
    );
  }
}

type Clients = ReturnType<typeof startClients>;

/** Runs the work while clients send requests. @returns the least that the broker uses afterwards, without requests */
async function quietAfter(
  broker: Broker,
  snapshots: string,
  work: (clients: Clients) => Promise<void>,
): Promise<ReturnType<typeof least>> {
  const { url } = broker;
  const clients = startClients(url, QUERY, CLIENTS);
  await work(clients);
  await clients.stop();
  // For the garbage that V8 collects before: a broker that nobody asks might keep it for long.
  await heapOf(broker, snapshots);
  const samples: Gauges[] = [];
  const end = performance.now() + QUIET_MS;
  while (performance.now() < end) {
    samples.push(await readGauges(url));
    await delay(SAMPLE_MS);
  }
  return least(samples);
}

async function progress(url: string, after: string, { answers, wrong }: Tally): Promise<void> {
  const { heapMiB, residentMiB, descriptors } = await readGauges(url);
  const total = [...answers.values()].reduce((sum, count) => sum + count, 0);
  say(
    `     ${total} answers, ${wrong.length} kinds of wrong ones; heap ${heapMiB.toFixed(0)} MiB, resident ${residentMiB.toFixed(0)} MiB, ${descriptors} descriptors (after: ${after})`,
  );
}

function report({ answers, wrong, slowest }: Tally): void {
  const sorted = [...answers].toSorted(([one], [other]) => one.localeCompare(other));
  for (const [name, count] of sorted) say(`     ${name.padEnd(24)} ${count}`);
  say(`     slowest answer ${slowest.toFixed(0)} ms`);
  for (const text of wrong) say(`     WRONG ${text}`);
}

if (kind === 'rotation') {
  await soakRotation(verdict);
} else if (kind === 'logins') {
  await soakLogins(MINUTES, verdict);
} else if (kind === 'fleet') {
  await soakFleet(MINUTES, SEED, verdict);
} else {
  await blackHole();
  await soak();
}
process.exitCode = failed ? 1 : 0;
