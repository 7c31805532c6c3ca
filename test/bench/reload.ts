/**
 * `npm run bench:reload`: how long a reload of a big policy and a big users file keeps the event loop from its
 * requests, as the longest delay of a turn, compared with the same load without a reload.
 */
import { recordingLogs } from '../support/fakes.ts';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { startBroker } from '../../src/app/compose.ts';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { loadBroker } from '../../src/config/load.ts';

const SIZE = 10_000;
const ROUNDS = 5;
const REST_MS = 1500;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

interface Turns {
  /** Milliseconds. */
  readonly p99: number;
  readonly longest: number;
  readonly took: number;
}

const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
try {
  const hash = await hashPassword('correct horse');
  const files = {
    'broker.yaml': [
      'listen: 127.0.0.1:0',
      'publicUrl: http://localhost:5001',
      'stateDir: state',
      'services: { bench: { anonymous: allow } }',
      'backends: [{ name: local, type: static-file, file: users.yaml }]',
      'policy: policy.yaml',
    ].join('\n'),
    'users.yaml': `users:\n${Array.from({ length: SIZE }, (_, at) => `  user-${at}: { password: "${hash}", groups: [team-${at % 100}] }\n`).join('')}`,
    'policy.yaml': `rules:\n${Array.from({ length: SIZE }, (_, at) => `  - name: rule ${at}\n    groups: [team-${at}]\n    repositories: ["apps/app-${at}/**"]\n    allow: [pull, push]\n`).join('')}`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const loaded = await loadBroker(join(folder, 'broker.yaml'));
  await using broker = await startBroker(loaded, recordingLogs(silent));
  const load = new Worker(new URL('./reload-load.ts', import.meta.url), {
    workerData: `${broker.url}/token?service=bench&scope=repository:public/app:pull`,
  });
  await once(load, 'message');

  await turns(() => sleep(REST_MS));
  const rows: [string, Turns][] = [['load alone', await turns(() => sleep(REST_MS))]];
  for (let round = 1; round <= ROUNDS; round += 1) rows.push([`reload ${round}`, await turns(() => broker.reload())]);
  await load.terminate();
  process.stdout.write(
    [
      `${SIZE} rules, ${SIZE} users; turns of the event loop under load, milliseconds, Node ${process.version}`,
      ...rows.map(
        ([name, { p99, longest, took }]) =>
          `${name.padEnd(12)} p99 ${p99.toFixed(1).padStart(7)}  longest ${longest.toFixed(1).padStart(7)}  took ${took.toFixed(0).padStart(6)}`,
      ),
      '',
    ].join('\n'),
  );
} finally {
  await rm(folder, { recursive: true });
}

async function turns(work: () => Promise<unknown>): Promise<Turns> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const started = performance.now();
  await work();
  const took = performance.now() - started;
  // The turn that ended the work is not over yet.
  await sleep(20);
  histogram.disable();
  return { p99: histogram.percentile(99) / 1e6, longest: histogram.max / 1e6, took };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
