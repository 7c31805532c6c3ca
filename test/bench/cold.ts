/**
 * `npm run bench:cold`: the processor time of an LDAPS login that nothing caches, of the broker and of the directory, and
 * the same of clients in Go that connect for each login. Unlike a rate it depends little on what else the machine does.
 *
 * `npm run bench:cold -- 8000` measures more logins in each round. OTHER names another bundle of the broker, such as that
 * of an older checkout, which is measured in turns with this one.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SERVICE } from '../support/slapd-entries.ts';
import type { Slapd } from '../support/slapd.ts';
import { basic, BROKER, startBroker, writeBroker } from './bench-broker.ts';
import type { BenchServer } from './bench-broker.ts';
import {
  buildGoClient,
  directoryBackend,
  goClientArguments,
  KEY_TYPES,
  PASSWORD,
  startDirectory,
  USERS,
} from './directory.ts';
import { measure } from './load.ts';
import { pinLoad, startPinned } from './pinned.ts';
import { CONNECTIONS } from './rounds.ts';
import { printRow } from './table.ts';

const LOGINS = Number(process.argv[2] ?? 4000);
/** The first logins compile the code. */
const WARM_UP = 8000;
const ROUNDS = 5;
const GO_SECONDS = 4;
/** Seconds at the start and at the end of a client in Go that are not measured. */
const MARGIN = 0.5;

let logins = 0;
const path = (): string => '/token?service=bench&scope=repository:public/app:pull';
const someone = (): Readonly<Record<string, string>> => basic(`user-${(logins += 1) % USERS}`, PASSWORD);

const folder = await mkdtemp(join(tmpdir(), 'fairlead-cold-'));
try {
  process.stdout.write(`Node ${process.version}, ${CONNECTIONS} connections, ${await pinLoad()}\n`);
  for (const keyType of KEY_TYPES) {
    await using slapd = await startDirectory(keyType);
    printRow(`\nµs CPU of one login, ${keyType}`, 'client', 'directory', 'logins/s');
    await measureBrokers(slapd);
    await measureGoClients(slapd);
  }
} finally {
  await rm(folder, { recursive: true });
}

/** The median of each figure, from rounds in which the brokers take turns. */
async function measureBrokers(slapd: Slapd): Promise<void> {
  const { OTHER: other } = process.env;
  const brokers = [
    { name: 'this broker', ...(await startUncached(slapd, BROKER)), rounds: [] as (readonly number[])[] },
    ...(other === undefined ? [] : [{ name: other, ...(await startUncached(slapd, resolve(other))), rounds: [] }]),
  ];
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { server, port, rounds } of brokers) {
      const count = round === 0 ? WARM_UP : LOGINS;
      const before = await processorMicros(server.pid, slapd.pid());
      const { perSecond } = await measure(port, { path, headers: someone, connections: CONNECTIONS }, count);
      const used = difference(await processorMicros(server.pid, slapd.pid()), before);
      if (round > 0) rounds.push([...used.map((micros) => micros / count), perSecond]);
    }
  }
  for (const { name, server, rounds } of brokers) {
    printRow(name, ...[0, 1, 2].map((figure) => median(rounds.map((one) => one[figure] ?? Number.NaN))));
    await server.stop();
  }
}

async function startUncached(slapd: Slapd, bundle: string): Promise<BenchServer> {
  const passwordFile = join(folder, 'ldap.password');
  await writeFile(passwordFile, SERVICE.password, { mode: 0o600 });
  const backends = directoryBackend(slapd, passwordFile);
  const config = await writeBroker(await mkdtemp(join(folder, 'broker-')), {
    backends,
    settings: ['shield: { remember: 0s }'],
  });
  return startBroker(config, [], bundle);
}

async function measureGoClients(slapd: Slapd): Promise<void> {
  const program = await buildGoClient();
  if (program === undefined) return;
  for (const connections of [3, 1] as const) {
    const client = startPinned(program, goClientArguments(slapd, CONNECTIONS, GO_SECONDS, connections));
    await delay(MARGIN * 1000);
    const [before, from] = [await processorMicros(client.pid, slapd.pid()), performance.now()];
    await delay((GO_SECONDS - 2 * MARGIN) * 1000);
    const used = difference(await processorMicros(client.pid, slapd.pid()), before);
    const seconds = (performance.now() - from) / 1000;
    await client.exited;
    const perSecond = Number(client.stdout());
    const name = connections === 1 ? '1 connection, 3 binds' : '3 connections, a bind each';
    printRow(`Go, ${name}`, ...used.map((micros) => micros / (perSecond * seconds)), perSecond);
  }
}

/** Microseconds of processor time that each process has used, with all its threads. */
function processorMicros(...pids: readonly number[]): Promise<readonly number[]> {
  return Promise.all(
    pids.map(async (pid) => {
      const threads = await readdir(`/proc/${pid}/task`);
      const texts = await Promise.all(
        threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')),
      );
      // The first figure is in nanoseconds.
      return texts.reduce((sum, text) => sum + Number.parseInt(text, 10) / 1000, 0);
    }),
  );
}

function difference(after: readonly number[], before: readonly number[]): readonly number[] {
  return after.map((value, index) => value - (before[index] ?? 0));
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
