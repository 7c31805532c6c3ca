/**
 * `npm run bench`: how the broker compares with a bare server that signs the same token, with another token server, and
 * with a client of a directory, as ratios taken in one run. Absolute figures are of this machine and this moment; only
 * the ratios are worth comparing, and only on a quiet machine.
 *
 * PEER is the command line of another token server, and PEER_URL its token endpoint for a service `bench`. It must let
 * anybody pull `public/**` and have the user alice with the password "correct horse".
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from '../support/process.ts';
import type { KeyType } from '../support/loopback-certificate.ts';
import { SERVICE } from '../support/slapd-entries.ts';
import type { Slapd } from '../support/slapd.ts';
import { httpAnswers, waitFor } from '../support/wait.ts';
import { basic, BROKER, startBroker, STATIC_USER, writeBroker } from './bench-broker.ts';
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
import { measureForwardAuth } from './forward-auth.ts';
import { measure } from './load.ts';
import type { Load } from './load.ts';
import { pinLoad, residentOf, startPinned } from './pinned.ts';
import { bestOf, CONNECTIONS, printBest, WARM_UP } from './rounds.ts';
import type { Best, Row } from './rounds.ts';
import { printRow } from './table.ts';

const GO_SECONDS = 3;
/** The row of whose rate the event loop is measured at the half. */
const HALF_LOAD = 'static login, distinct images';
const HALF_LOAD_SECONDS = 10;

/** The usual interval of 25 ms would be a tenth of the time until the broker is ready. */
const PRECISE = { everyMs: 1 };

const QUERY = 'service=bench&scope=repository:public/';
let distinct = 0;
const same = (): string => `/token?${QUERY}app:pull`;
const another = (): string => `/token?${QUERY}app${(distinct += 1)}:pull`;
const load = (path: () => string, headers?: Load['headers']): Load => ({
  path,
  connections: CONNECTIONS,
  ...(headers === undefined ? {} : { headers }),
});

const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
try {
  process.stdout.write(`Node ${process.version}, ${CONNECTIONS} connections, ${await pinLoad()}\n`);
  await measureStart();
  await measureTokens();
  for (const keyType of KEY_TYPES) await measureColdLogins(keyType);
  await measureForwardAuth(folder);
} finally {
  await rm(folder, { recursive: true });
}

/** The time of short commands and of the start, compared with that of an empty program. */
async function measureStart(): Promise<void> {
  const config = await writeBroker(join(folder, 'start'));
  // The first run fills the compile cache.
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') };
  const empty = await fastest(() => timed(['-e', '0'], env));
  const rows = {
    'fairlead --version': await fastest(() => timed([BROKER, '--version'], env)),
    'fairlead check': await fastest(() => timed([BROKER, 'check', '--config', config], env)),
    'until ready': await fastest(() => timeToReady(config, env)),
  };
  printRow('\nstart', 'ms', 'ratio');
  printRow('node -e 0', empty, 1);
  for (const [name, ms] of Object.entries(rows)) printRow(name, ms, ms / empty);
}

async function fastest(once: () => Promise<number>): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < 7; round += 1) best = Math.min(best, await once());
  return best;
}

async function timed(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await run(process.execPath, args, { env });
  if (code !== 0) throw new Error(stderr);
  return performance.now() - started;
}

async function timeToReady(config: string, env: NodeJS.ProcessEnv): Promise<number> {
  const started = performance.now();
  const server = startPinned(process.execPath, [BROKER, 'serve', '--config', config], { env });
  const [, url = ''] = await waitFor('its address', () => /"address":"(http:[^"]+)"/.exec(server.output()), PRECISE);
  await waitFor('readiness', () => httpAnswers(`${url}/readyz`, 200), PRECISE);
  const milliseconds = performance.now() - started;
  await server.stop();
  return milliseconds;
}

async function measureTokens(): Promise<void> {
  const bare = await startBare();
  const broker = await startBroker(await writeBroker(join(folder, 'broker')));
  const idle = await residentOf(broker.server.pid);
  const login = basic(STATIC_USER.user, STATIC_USER.password);
  const bareRow: Row = { name: 'bare node:http, signs the same JWT', server: bare, load: load(same) };
  const staticRow: Row = { name: 'static login, repeated', server: broker, load: load(same, () => login) };
  const rows: readonly Row[] = [
    bareRow,
    { name: 'herd: anonymous, one image', server: broker, load: load(same) },
    { name: 'anonymous, distinct images', server: broker, load: load(another) },
    staticRow,
    { name: HALF_LOAD, server: broker, load: load(another, () => login) },
  ];
  const best = await bestOf(rows);
  printBest(rows, best, 'tokens/s');
  const loaded = await residentOf(broker.server.pid);
  await printLoopDelay(best.get(HALF_LOAD));
  // Each further process takes time of the processor, also while it has no load: V8 gives its memory back.
  await measurePeer(bareRow, () => login);
  await measureRepeatedLogins(bareRow, staticRow);
  printRow('\nresident memory', 'MiB');
  printRow('idle', idle.total);
  printRow('after the load', loaded.total);
  for (const { server } of [bare, broker]) await server.stop();
}

async function measureRepeatedLogins(bareRow: Row, staticRow: Row): Promise<void> {
  await using slapd = await startDirectory();
  const server = await startWithDirectory(slapd, 'directory');
  const few = (): Readonly<Record<string, string>> => basic(`user-${(distinct += 1) % 8}`, PASSWORD);
  const rows: readonly Row[] = [bareRow, staticRow, { name: 'LDAPS login, repeated', server, load: load(same, few) }];
  printBest(rows, await bestOf(rows), 'tokens/s');
  await server.server.stop();
}

/** Logins that the directory verifies each time, compared with a program that connects for each login. */
async function measureColdLogins(keyType: KeyType): Promise<void> {
  await using slapd = await startDirectory(keyType);
  const server = await startWithDirectory(slapd, `uncached-${keyType}`, ['shield: { remember: 0s }']);
  const someone = (): Readonly<Record<string, string>> => basic(`user-${(distinct += 1) % USERS}`, PASSWORD);
  const name = 'the broker, nothing cached';
  const best = await bestOf([{ name, server, load: load(same, someone), requests: 4000 }]);
  await server.server.stop();
  printRow(`\nLDAPS, directory with ${keyType}`, 'logins/s', 'broker ÷');
  const own = best.get(name)?.perSecond ?? Number.NaN;
  printRow(name, own, 1);
  const program = await buildGoClient();
  if (program !== undefined) await printGoClient(program, slapd, own);
}

async function startWithDirectory(slapd: Slapd, name: string, settings: readonly string[] = []): Promise<BenchServer> {
  const passwordFile = join(folder, 'ldap.password');
  await writeFile(passwordFile, SERVICE.password, { mode: 0o600 });
  const backends = directoryBackend(slapd, passwordFile);
  return startBroker(await writeBroker(join(folder, name), { backends, settings }));
}

async function measurePeer(bareRow: Row, login: () => Readonly<Record<string, string>>): Promise<void> {
  const peer = await startPeer();
  if (peer === undefined) return;
  const rows: readonly Row[] = [
    bareRow,
    { name: 'PEER, anonymous', server: peer, load: load(() => peerPath('app')) },
    { name: 'PEER, static login', server: peer, load: load(() => peerPath('app'), login), requests: 100 },
  ];
  printBest(rows, await bestOf(rows), 'tokens/s');
  await peer.server.stop();
}

/** How long a turn of the event loop waits while half of what the broker can answer is requested. */
async function printLoopDelay(full: Best | undefined): Promise<void> {
  if (full === undefined) return;
  const preload = resolve(import.meta.dirname, 'loop-delay.ts');
  const { server, port } = await startBroker(await writeBroker(join(folder, 'half')), ['--import', preload]);
  const login = basic(STATIC_USER.user, STATIC_USER.password);
  await measure(
    port,
    load(another, () => login),
    WARM_UP,
  );
  const rate = full.perSecond / 2;
  server.signal('SIGUSR2');
  await measure(port, { ...load(another, () => login), rate }, Math.round(rate * HALF_LOAD_SECONDS));
  server.signal('SIGUSR2');
  const [, p50, p99, longest] = await server.waitForOutput(/loop delay since the signal before: (\S+) (\S+) (\S+) ms/);
  await server.stop();
  printRow(`\nevent loop at ${rate.toFixed(0)} tokens/s`, 'p50 ms', 'p99 ms', 'max ms');
  printRow('delay of a turn', Number(p50), Number(p99), Number(longest));
}

async function startBare(): Promise<BenchServer> {
  const server = startPinned(process.execPath, [resolve(import.meta.dirname, 'bare-server.ts')]);
  const [, port] = await server.waitForOutput(/listening (\d+)/);
  return { server, port: Number(port) };
}

async function startPeer(): Promise<BenchServer | undefined> {
  const { PEER: commandLine, PEER_URL: url } = process.env;
  if (commandLine === undefined || url === undefined) return undefined;
  const [command = '', ...args] = commandLine.split(' ');
  const server = startPinned(command, args);
  await server.waitUntil('an answer of PEER_URL', () => httpAnswers(`${url}?${QUERY}app:pull`, 200));
  return { server, port: Number(new URL(url).port) };
}

function peerPath(image: string): string {
  return `${new URL(process.env['PEER_URL'] ?? '').pathname}?${QUERY}${image}:pull`;
}

/**
 * The same directory and the same processor, for a program that connects for each login: once with three binds, or three
 * times with a bind each.
 */
async function printGoClient(program: string, slapd: Slapd, own: number): Promise<void> {
  for (const connections of [3, 1] as const) {
    const client = startPinned(program, goClientArguments(slapd, CONNECTIONS, GO_SECONDS, connections));
    await client.exited;
    const logins = Number(client.stdout());
    printRow(`Go, ${connections === 1 ? '1 connection, 3 binds' : '3 connections, a bind each'}`, logins, own / logins);
  }
}
