/**
 * `npm run soak -- logins [MINUTES]`: the logins of 100,000 users are cached, and memory must be the same after some
 * minutes in which they log in again, one in ten of them as a new user whose login takes the place of another.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { measure } from '../bench/load.ts';
import type { Load } from '../bench/load.ts';
import { startUserService } from '../bench/user-service.ts';
import { startBroker } from '../support/broker.ts';
import { SERVICE, STATIC_CONFIG } from '../support/static-broker.ts';
import { readGauges } from './gauge.ts';
import type { Gauges } from './gauge.ts';

type Verdict = (isFine: boolean, text: string) => void;

const USERS = 100_000;
const CONNECTIONS = 16;
const BATCH = 5000;
/** Until V8 has collected the garbage of a process without work. */
const QUIET_MS = 60_000;
const SLACK_MIB = 8;

const POLICY = JSON.stringify({
  rules: [{ name: 'public images', everyone: true, repositories: ['public/**'], allow: ['pull'] }],
});

export async function soakLogins(minutes: number, verdict: Verdict): Promise<void> {
  using service = await startUserService();
  await using broker = await startBroker({
    config: {
      ...STATIC_CONFIG,
      log: { level: 'error' },
      // Longer than the soak, so that only a full cache drops a login.
      shield: { remember: '15m', staleIfError: '24h' },
      backends: [{ name: 'service', type: 'http', url: service.url }],
    },
    files: { 'policy.yaml': POLICY },
  });
  const port = Number(new URL(broker.url).port);
  let users = 0;
  const loginOf = (user: number): Readonly<Record<string, string>> => ({
    Authorization: `Basic ${btoa(`user-${user}:a password`)}`,
  });
  const load = (user: () => number): Load => ({
    path: () => `/token?service=${SERVICE}&scope=repository:public/app:pull`,
    headers: () => loginOf(user()),
    connections: CONNECTIONS,
  });

  await measure(
    port,
    load(() => (users += 1)),
    USERS,
  );
  const before = await quiet(broker.url);
  report('100,000 users have logged in', before);
  const end = performance.now() + minutes * 60_000;
  let requests = 0;
  while (performance.now() < end) {
    const someone = (): number => (Math.random() < 0.1 ? (users += 1) : Math.ceil(users - Math.random() * USERS));
    await measure(port, load(someone), BATCH);
    requests += BATCH;
  }
  const after = await quiet(broker.url);
  report(`${requests} more logins, ${users} users`, after);
  verdict(
    after.heapMiB <= before.heapMiB + SLACK_MIB,
    `heap level: ${before.heapMiB.toFixed(1)} MiB before, ${after.heapMiB.toFixed(1)} after`,
  );
  verdict(
    after.residentMiB <= before.residentMiB + 2 * SLACK_MIB,
    `resident memory level: ${before.residentMiB.toFixed(1)} MiB before, ${after.residentMiB.toFixed(1)} after`,
  );
}

/** The broker when it has had no work for a while. */
async function quiet(url: string): Promise<Gauges> {
  await delay(QUIET_MS);
  return readGauges(url);
}

function report(what: string, { heapMiB, residentMiB }: Gauges): void {
  process.stdout.write(`     ${what}: heap ${heapMiB.toFixed(1)} MiB, resident ${residentMiB.toFixed(1)} MiB\n`);
}
