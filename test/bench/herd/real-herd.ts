/** The same herd with real parts: brokers, slapd behind a gate of binds, and Redis if the cache is shared. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../../support/quantile.ts';
import type { Random } from '../../support/random.ts';
import { start } from '../../support/process.ts';
import type { RunningProcess } from '../../support/process.ts';
import { GROUPS_DN, PEOPLE_DN, SERVICE } from '../../support/slapd-entries.ts';
import { startSlapd } from '../../support/slapd.ts';
import type { Slapd } from '../../support/slapd.ts';
import type { Store } from '../../support/valkey.ts';
import { httpAnswers } from '../../support/wait.ts';
import { basic, BROKER, writeBroker } from '../bench-broker.ts';
import { startBindGate } from './bind-gate.ts';
import type { BindGate } from './bind-gate.ts';
import { pauses } from './simulation.ts';
import type { Herd, Result } from './simulation.ts';

const PASSWORD = 'pulls-images';
const READY_MS = 60_000;

/** A directory with the users `node-0` to `node-(count - 1)`. */
export function startNodeDirectory(count: number): Promise<Slapd> {
  const entries = Array.from({ length: count }, (_, n) => {
    const dn = `uid=node-${n},${PEOPLE_DN}`;
    return `dn: ${dn}\nobjectClass: inetOrgPerson\nuid: node-${n}\ncn: node-${n}\nsn: x\nuserPassword: ${PASSWORD}\n`;
  });
  return startSlapd({ ldif: entries.join('\n') });
}

interface Parts {
  /** For the files of the brokers. */
  readonly folder: string;
  readonly directory: Slapd;
  /** The cache that the brokers share. */
  readonly store?: Store;
}

export async function runHerd(herd: Herd, random: Random, { folder, directory, store }: Parts): Promise<Result> {
  await using gate = await startBindGate(directory.port, herd.bindsPerSecond);
  const brokers = await startBrokers(herd, folder, gate, store);
  try {
    // The service accounts have bound by now.
    const before = gate.binds();
    const { times, refused } = await pullAll(
      herd,
      random,
      brokers.map(({ port }) => port),
    );
    return { binds: gate.binds() - before, refused, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  } finally {
    await Promise.all(brokers.map(({ server }) => server.stop()));
  }
}

interface Broker {
  readonly server: RunningProcess;
  readonly port: number;
}

async function startBrokers(
  herd: Herd,
  folder: string,
  gate: BindGate,
  store: Store | undefined,
): Promise<readonly Broker[]> {
  await mkdir(folder, { recursive: true });
  const passwordFile = join(folder, 'service.password');
  await writeFile(passwordFile, SERVICE.password, { mode: 0o600 });
  const backends = [
    '- name: directory',
    '  type: ldap',
    `  urls: ["${gate.url}"]`,
    '  tls: { mode: none }',
    `  bind: { dn: "${SERVICE.dn}", password: { file: ${passwordFile} } }`,
    `  users: { base: "${PEOPLE_DN}" }`,
    `  groups: { base: "${GROUPS_DN}" }`,
  ];
  const settings = [`shield: { remember: ${herd.remember}s }`];
  if (store !== undefined) {
    const keyFile = join(folder, 'fleet.key');
    await writeFile(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    settings.push(`shared: { valkey: { urls: ["redis://127.0.0.1:${store.port}"] }, keyFile: ${keyFile} }`);
  }
  return Promise.all(
    Array.from({ length: herd.brokers }, async (_, n) => {
      const config = await writeBroker(join(folder, `broker-${n}`), { backends, settings });
      const server = start(process.execPath, [BROKER, 'serve', '--config', config]);
      const [, port = ''] = await server.waitForOutput(/"address":"http:\/\/127\.0\.0\.1:(\d+)"/, READY_MS);
      await server.waitUntil('readiness', () => httpAnswers(`http://127.0.0.1:${port}/readyz`, 200));
      return { server, port: Number(port) };
    }),
  );
}

interface Pulls {
  /** Seconds, sorted. */
  readonly times: readonly number[];
  readonly refused: number;
}

async function pullAll(herd: Herd, random: Random, ports: readonly number[]): Promise<Pulls> {
  const times: number[] = [];
  let refused = 0;

  async function pull(node: number): Promise<void> {
    await delay(1000 * random.fraction() * herd.spread);
    const started = performance.now();
    const pause = pauses(random);
    for (let left = herd.tokensPerPull; left > 0;) {
      const port = ports[random.int(ports.length)] as number;
      if (await askForToken(port, `node-${node % herd.logins}`)) {
        left -= 1;
        if (left > 0) await delay(1000 * herd.gap);
        continue;
      }
      refused += 1;
      left = herd.tokensPerPull;
      await delay(1000 * pause());
    }
    times.push((performance.now() - started) / 1000);
  }

  await Promise.all(Array.from({ length: herd.nodes }, (_, node) => pull(node)));
  return { times, refused };
}

/** Each kubelet has its own connection. @returns false for 503 @throws on any other refusal: the model has none */
async function askForToken(port: number, user: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  request(
    {
      port,
      host: '127.0.0.1',
      path: '/token?service=bench&scope=repository:public/app:pull',
      headers: basic(user, PASSWORD),
      agent: false,
    },
    (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    },
  )
    .once('error', reject)
    .end();
  const status = await promise;
  if (status !== 200 && status !== 503) throw new Error(`the broker answered ${status}`);
  return status === 200;
}
