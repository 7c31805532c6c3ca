/** Real stores: Redis of Debian, and Valkey where it is installed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClient } from '../../src/platform/valkey/client.ts';
import type { ValkeyAddress, ValkeyClient } from '../../src/platform/valkey/client.ts';
import type { Patience } from '../../src/platform/valkey/reply-watch.ts';
import { freePort } from './free-port.ts';
import type { Part } from './parts.ts';
import { start } from './process.ts';
import type { RunningProcess } from './process.ts';
import { portAnswers } from './wait.ts';

export const REDIS: Part = { program: 'redis-server', debian: 'redis-server' };
export const SENTINEL: Part = { program: 'redis-sentinel', debian: 'redis-sentinel' };
/** In Debian 12 from backports only. */
export const VALKEY: Part = { program: 'valkey-server' };

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
export const BUSY: Patience = { silenceMs: 10_000, replyMs: 10_000 };

export async function openConnected(address: ValkeyAddress): Promise<ValkeyClient> {
  const client = await openClient(address, BUSY);
  const problem = await client.connected(10_000);
  if (problem !== undefined) throw new Error(`the store cannot be reached: ${problem}`);
  return client;
}
