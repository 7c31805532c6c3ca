/**
 * `npm run bench`: how much of a bare server's speed the broker keeps, as ratios taken in one run. Absolute figures
 * are of this machine and this moment, with the client on the same cores; only the ratios are worth comparing.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { start } from '../support/process.ts';
import { httpAnswers } from '../support/wait.ts';
import { measure } from './load.ts';
import type { Figures } from './load.ts';

const ROUNDS = 3;
const CONNECTIONS = 16;
const source = (path: string): string => new URL(path, import.meta.url).pathname;

const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
try {
  await writeConfiguration(folder);
  const bare = start(process.execPath, [source('./bare-server.ts')]);
  const [, barePort] = await bare.waitForOutput(/listening (\d+)/);

  const spawned = performance.now();
  const broker = start(process.execPath, [
    source('../../dist/fairlead.cjs'),
    'serve',
    '--config',
    join(folder, 'broker.yaml'),
  ]);
  const [, brokerUrl = ''] = await broker.waitForOutput(/"address":"(http:[^"]+)"/);
  await broker.waitUntil('readiness', () => httpAnswers(`${brokerUrl}/readyz`, 200));
  const readyMs = performance.now() - spawned;
  const idle = await residentMiB(broker.pid);

  const query = 'service=bench&scope=repository:public/app:pull';
  const login = `Basic ${Buffer.from('alice:correct horse').toString('base64')}`;
  const loads = {
    'bare node:http, signs the same JWT': { url: `http://127.0.0.1:${barePort}/`, requests: 20_000 },
    'anonymous token': { url: `${brokerUrl}/token?${query}`, requests: 20_000 },
    'repeated static login': {
      url: `${brokerUrl}/token?${query}`,
      headers: { authorization: login },
      requests: 20_000,
    },
  };
  const best = new Map<string, Figures>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [name, load] of Object.entries(loads)) {
      const warmUp = round === 1 ? Math.min(load.requests, 5000) : 100;
      const figures = await measure({ ...load, connections: CONNECTIONS, warmUp });
      if (figures.perSecond > (best.get(name)?.perSecond ?? 0)) best.set(name, figures);
    }
  }
  const loaded = await residentMiB(broker.pid);
  await broker.stop();
  await bare.stop();
  print(best, { readyMs, idle, loaded });
} finally {
  await rm(folder, { recursive: true });
}

async function writeConfiguration(to: string): Promise<void> {
  const files = {
    'broker.yaml': [
      'listen: 127.0.0.1:0',
      'publicUrl: http://localhost:5001',
      'stateDir: state',
      'log: { level: info }',
      'services: { bench: { anonymous: allow } }',
      'backends: [{ name: local, type: static-file, file: users.yaml }]',
      'policy: policy.yaml',
    ],
    'users.yaml': [`users: { alice: { password: "${await hashPassword('correct horse')}", groups: [team-web] } }`],
    'policy.yaml': [
      'rules:',
      '  - { name: public images, everyone: true, repositories: ["public/**"], allow: [pull] }',
      '  - { name: teams, groups: ["team-{team}"], repositories: ["{team}/**"], allow: [pull, push] }',
    ],
  };
  for (const [name, lines] of Object.entries(files)) await writeFile(join(to, name), `${lines.join('\n')}\n`);
}

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

function print(best: ReadonlyMap<string, Figures>, broker: { readyMs: number; idle: number; loaded: number }): void {
  const baseline = [...best.values()][0]?.perSecond ?? Number.NaN;
  const rows = [...best].map(([name, { perSecond, p50, p99 }]) => [
    name.padEnd(36),
    perSecond.toFixed(0).padStart(9),
    p50.toFixed(2).padStart(9),
    p99.toFixed(2).padStart(9),
    (perSecond / baseline).toFixed(3).padStart(9),
  ]);
  const head = [
    'load'.padEnd(36),
    'tokens/s'.padStart(9),
    'p50 ms'.padStart(9),
    'p99 ms'.padStart(9),
    'ratio'.padStart(9),
  ];
  process.stdout.write(
    [
      `Best of ${ROUNDS} rounds, ${CONNECTIONS} connections, Node ${process.version}`,
      ...[head, ...rows].map((cells) => cells.join(' ')),
      `ready ${broker.readyMs.toFixed(0)} ms after process start`,
      `resident memory ${broker.idle.toFixed(0)} MiB idle, ${broker.loaded.toFixed(0)} MiB after the load`,
      '',
    ].join('\n'),
  );
}
