/**
 * `npm run bench:memory`: the resident memory of the broker, idle and after 200,000 requests of 100,000 users, of whose
 * logins it caches as many as it may. `program` is what the program of Node.js takes of it, which its processes share.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { basic, startBroker, writeBroker } from './bench-broker.ts';
import type { BenchServer } from './bench-broker.ts';
import { measure } from './load.ts';
import { pinLoad, residentOf } from './pinned.ts';
import { printRow } from './table.ts';
import { startUserService } from './user-service.ts';

const USERS = 100_000;
const CONNECTIONS = 8;
/** The broker returns memory when it has had nothing to do for a while. */
const SOON_MS = 10_000;
const SETTLE_MS = 60_000;

using service = await startUserService();
const folder = await mkdtemp(join(tmpdir(), 'fairlead-memory-'));
try {
  await pinLoad();
  const config = await writeBroker(folder, { backends: service.backend, settings: ['shield: { remember: 15m }'] });
  printRow('resident memory, MiB', 'total', 'program');
  // The first start makes the key and its certificate, with libraries that then stay in memory.
  const first = await startBroker(config);
  await delay(SETTLE_MS);
  await print('a minute after the first start', first);
  await first.server.stop();
  const broker = await startBroker(config);
  await print('after the next start', broker);
  await delay(SETTLE_MS);
  await print('a minute later', broker);
  let next = 0;
  const load = {
    path: () => `/token?service=bench&scope=repository:team-web/app${next}:pull`,
    headers: () => basic(`user-${(next += 1) % USERS}`, 'a password'),
    connections: CONNECTIONS,
  };
  for (const round of ['first', 'second']) {
    await measure(broker.port, load, USERS);
    await print(`after the ${round} 100,000 requests`, broker);
  }
  await delay(SOON_MS);
  await print('10 seconds later', broker);
  const metrics = await (await fetch(`http://127.0.0.1:${broker.port}/metrics`)).text();
  await delay(SETTLE_MS - SOON_MS);
  await print('a minute later', broker);
  for (const [line] of metrics.matchAll(/^fairlead_login_cache\S* \d+$/gm)) process.stdout.write(`${line}\n`);
  await broker.server.stop();
} finally {
  await rm(folder, { recursive: true });
}

async function print(when: string, { server }: BenchServer): Promise<void> {
  const { total, files } = await residentOf(server.pid);
  printRow(when, total, files);
}
