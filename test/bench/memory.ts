/**
 * `npm run bench:memory`: the resident memory of the broker, idle and after 200,000 requests of 100,000 users, of whose
 * logins it caches as many as it may.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { basic, startBroker, writeBroker } from './bench-broker.ts';
import { measure } from './load.ts';
import { pinLoad, residentMiB } from './pinned.ts';
import { printRow } from './table.ts';
import { startUserService } from './user-service.ts';

const USERS = 100_000;
const CONNECTIONS = 8;
/** The broker returns memory when it has had nothing to do for a while. */
const SETTLE_MS = 60_000;

using service = await startUserService();
const folder = await mkdtemp(join(tmpdir(), 'fairlead-memory-'));
try {
  await pinLoad();
  const config = await writeBroker(folder, { backends: service.backend, settings: ['shield: { remember: 15m }'] });
  const broker = await startBroker(config);
  const started = await residentMiB(broker.server.pid);
  await delay(SETTLE_MS);
  const idle = await residentMiB(broker.server.pid);
  let next = 0;
  const load = {
    path: () => `/token?service=bench&scope=repository:team-web/app${next}:pull`,
    headers: () => basic(`user-${(next += 1) % USERS}`, 'a password'),
    connections: CONNECTIONS,
  };
  printRow('resident memory', 'MiB');
  printRow('after the start', started);
  printRow('a minute later', idle);
  for (const round of ['first', 'second']) {
    await measure(broker.port, load, USERS);
    printRow(`after the ${round} 100,000 requests`, await residentMiB(broker.server.pid));
  }
  const metrics = await (await fetch(`http://127.0.0.1:${broker.port}/metrics`)).text();
  await delay(SETTLE_MS);
  printRow('a minute later', await residentMiB(broker.server.pid));
  for (const [line] of metrics.matchAll(/^fairlead_login_cache\S* \d+$/gm)) process.stdout.write(`${line}\n`);
  await broker.server.stop();
} finally {
  await rm(folder, { recursive: true });
}
