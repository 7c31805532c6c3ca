/**
 * `npm run bench:parts`: which part of the broker takes how much processor time for one anonymous token and for one
 * repeated login, each with a new signature. It samples the main thread of the broker, which runs from its sources so that each function
 * has its file, under a load of one kind after the other. Functions without a file, such as those of Node.js in C++,
 * count to their caller. Sampling itself takes some of the time.
 */
import type { Profiler } from 'node:inspector';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { httpAnswers } from '../support/wait.ts';
import { basic, STATIC_USER, writeBroker } from './bench-broker.ts';
import { measure } from './load.ts';
import type { Load } from './load.ts';
import { mainThreadMs, pinLoad, processorMs, startPinned } from './pinned.ts';
import { printRow } from './table.ts';

const WARM_UP = 6000;
const REQUESTS = Number(process.argv[2] ?? 20_000);
const CONNECTIONS = 8;
const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

/** Microseconds of one request, by part. */
type Costs = ReadonlyMap<string, number>;

/** Parts whose functions have no file. */
const GARBAGE = 'garbage collection';
const NATIVE = 'native code and system calls';
const THREADS = 'other threads (signature, compiler)';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-parts-'));
try {
  await pinLoad();
  let distinct = 0;
  const path = (): string => `/token?service=bench&scope=repository:public/app${(distinct += 1)}:pull`;
  const login = basic(STATIC_USER.user, STATIC_USER.password);
  const anonymous = await costsOf({ path, connections: CONNECTIONS });
  const repeated = await costsOf({ path, headers: () => login, connections: CONNECTIONS });
  print({ anonymous, repeated });
} finally {
  await rm(folder, { recursive: true });
}

async function costsOf(load: Load): Promise<Costs> {
  const file = join(folder, 'broker.cpuprofile');
  const config = await writeBroker(folder);
  const preload = resolve(import.meta.dirname, 'cpu-profile.ts');
  const server = startPinned(process.execPath, ['--import', preload, MAIN, 'serve', '--config', config], {
    env: { ...process.env, CPU_PROFILE: file },
  });
  const [, port = ''] = await server.waitForOutput(/"address":"http:\/\/127\.0\.0\.1:(\d+)"/);
  await server.waitUntil('readiness', () => httpAnswers(`http://127.0.0.1:${port}/readyz`, 200));
  await measure(Number(port), load, WARM_UP);
  server.signal('SIGUSR2');
  await server.waitForOutput(/profile started/);
  const before = [await processorMs(server.pid), await mainThreadMs(server.pid)] as const;
  await measure(Number(port), load, REQUESTS);
  const all = (await processorMs(server.pid)) - before[0];
  const main = (await mainThreadMs(server.pid)) - before[1];
  server.signal('SIGUSR2');
  await server.waitForOutput(/profile written/);
  await server.stop();
  return perRequest(JSON.parse(await readFile(file, 'utf8')) as Profiler.Profile, { all, main });
}

/**
 * Divides the processor time of the main thread in proportion to the samples, so that a busy machine changes nothing.
 *
 * @param used milliseconds of processor time, of all threads and of the main thread
 */
function perRequest(
  { nodes, samples = [], timeDeltas = [] }: Profiler.Profile,
  used: { readonly all: number; readonly main: number },
): Costs {
  const partById = partsOf(nodes);
  const sampled = new Map<string, number>();
  let sum = 0;
  for (const [index, id] of samples.entries()) {
    const part = partById.get(id);
    if (part === undefined) continue;
    const time = timeDeltas[index + 1] ?? 0;
    sampled.set(part, (sampled.get(part) ?? 0) + time);
    sum += time;
  }
  const micros = (milliseconds: number): number => (milliseconds * 1000) / REQUESTS;
  const costs = [...sampled].map(([part, time]) => [part, (micros(used.main) * time) / sum] as const);
  return new Map([...costs, [THREADS, micros(used.all - used.main)]]);
}

/** The part of each function; none for the time without work. */
function partsOf(nodes: readonly Profiler.ProfileNode[]): ReadonlyMap<number, string> {
  const parts = new Map<number, string>();
  // A node comes before its children.
  for (const { id, callFrame, children = [] } of nodes) {
    const part = partOf(callFrame) ?? parts.get(id);
    if (part === undefined) continue;
    if (callFrame.functionName !== '(idle)') parts.set(id, part);
    for (const child of children) parts.set(child, part);
  }
  for (const { id, callFrame } of nodes) if (callFrame.functionName === '(idle)') parts.delete(id);
  return parts;
}

/** @returns undefined: that of the caller */
function partOf({ functionName, url }: Profiler.ProfileNode['callFrame']): string | undefined {
  if (functionName === '(garbage collector)') return GARBAGE;
  if (functionName.startsWith('(')) return NATIVE;
  const layer = /\/src\/([^/]+)\//.exec(url);
  const library = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (library !== null) return `library ${library[1]}`;
  if (layer !== null) return `Fairlead: ${layer[1]}`;
  const own = /^node:(?:internal\/)?(_?[a-z]+)/.exec(url);
  return own === null ? undefined : `Node.js: ${own[1]?.replace('_', '')}`;
}

function print({ anonymous, repeated }: Readonly<Record<'anonymous' | 'repeated', Costs>>): void {
  const sum = (costs: Costs): number => [...costs.values()].reduce((all, cost) => all + cost, 0);
  printRow(`microseconds of one request, ${REQUESTS} requests`, 'anonymous', 'repeated');
  printRow('all', sum(anonymous), sum(repeated));
  const parts = [...new Set([...anonymous.keys(), ...repeated.keys()])];
  const costOf = (part: string) => [anonymous.get(part) ?? 0, repeated.get(part) ?? 0] as const;
  const isWorth = (part: string): boolean => Math.max(...costOf(part)) >= 0.5;
  for (const part of parts.filter(isWorth).toSorted((one, other) => costOf(other)[1] - costOf(one)[1])) {
    printRow(part, ...costOf(part));
  }
}
