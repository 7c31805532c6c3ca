/**
 * The connections to Valkey or Redis. The client fails fast: it queues nothing while it is not connected, sends nothing a
 * second time, and gives up a connection that does not answer for a second.
 */
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { describeError } from '../../core/errors.ts';
import { SCRIPTS } from './scripts/index.ts';
import type { RunScript } from './epoch-view.ts';
import { explainRefusal } from './refusal.ts';
import { createReplyWatch } from './reply-watch.ts';
import type { Patience } from './reply-watch.ts';
import { StoreDown } from './store-down.ts';

interface Address {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly database: number;
}

/** Reads a secret anew, because operators rotate secrets in place. */
type ReadSecret = () => Promise<string>;

interface Login {
  readonly username?: string | undefined;
  readonly readPassword?: ReadSecret | undefined;
}

export interface ValkeyAddress extends Login {
  /** Tried in this order until one is a primary. Empty where there is a Sentinel. */
  readonly addresses: readonly Address[];
  readonly sentinel?: (Login & { readonly name: string; readonly addresses: readonly Address[] }) | undefined;
  /** Contents of PEM files. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface ValkeyClient extends AsyncDisposable {
  run: RunScript;
  /** Any command. @throws StoreDown */
  call(command: string, ...args: readonly string[]): Promise<unknown>;
  /** Calls back with each message of a channel, and reconnects when the connection is lost. */
  subscribe(channels: readonly string[], onMessage: (channel: string, message: string) => void): AsyncDisposable;
  /** Calls back whenever a connection is ready for commands. */
  onReady(work: () => unknown): void;
  /** Waits for the first connection. @returns why there is none; undefined: connected */
  connected(milliseconds: number): Promise<string | undefined>;
}

const CONNECT_MS = 500;
/** With a tick of each of their timers, a login waits for the store for half a second at most. */
export const PATIENCE: Patience = { silenceMs: 150, replyMs: 250, loginMs: 400 };
const SILENCE_MS = 1000;
const MAX_RETRY_MS = 500;
const PING_MS = 5000;

export async function openClient(
  address: ValkeyAddress,
  patience: Omit<Patience, 'loginMs'> = PATIENCE,
): Promise<ValkeyClient> {
  const client = new Redis(await optionsFor(address));
  let lastError = 'not connected';
  client.on('error', (error: unknown) => {
    lastError = explainRefusal(describeError(error));
  });
  refreshOnClose(client, address);
  client.connect().catch(() => undefined);
  const watch = createReplyWatch(patience);

  async function call(command: string, ...args: readonly string[]): Promise<unknown> {
    if (client.status !== 'ready') throw new StoreDown(lastError);
    return watch.within(() => client.call(command, ...args));
  }

  return {
    call,
    run: async (name, query) => {
      const { digest, text } = SCRIPTS[name];
      // One argument and no declared keys: what the script uses follows from its argument. Not for Redis Cluster.
      const args = ['0', JSON.stringify(query)];
      try {
        return listOf(await call('EVALSHA', digest, ...args));
      } catch (error) {
        if (!isUnknownScript(error)) throw asDown(error);
        return listOf(await call('EVAL', text, ...args).catch((again: unknown) => Promise.reject(asDown(again))));
      }
    },
    subscribe: (channels, onMessage) => subscribe(client, address, channels, onMessage),
    onReady: (work) => void client.on('ready', () => void work()),
    connected: async (milliseconds) => {
      if (client.status === 'ready') return undefined;
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      const timeout = setTimeout(() => resolve(lastError), milliseconds);
      client.once('ready', () => resolve(undefined));
      return promise.finally(() => clearTimeout(timeout));
    },
    [Symbol.asyncDispose]: async () => client.disconnect(),
  };
}

function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** A refusal of the store, such as OOM, READONLY or NOPERM, is no answer either. */
function asDown(error: unknown): StoreDown {
  return error instanceof StoreDown ? error : new StoreDown(explainRefusal(describeError(error)), { cause: error });
}

type Options = RedisOptions & { readonly replyMapping: 'legacy' };

async function optionsFor(address: ValkeyAddress): Promise<Options> {
  const { addresses, sentinel, username, readPassword, tls } = address;
  const [first] = addresses;
  const isTls = first?.isTls ?? sentinel?.addresses.some((one) => one.isTls) ?? false;
  return {
    replyMapping: 'legacy',
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    disconnectTimeout: CONNECT_MS,
    connectionName: 'fairlead',
    // Redis 7.0 has no right for it that could be given.
    disableClientInfo: true,
    retryStrategy: retryDelay,
    // A primary that became a replica: the next connection finds the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    db: first?.database ?? 0,
    ...(username === undefined ? {} : { username }),
    ...(readPassword === undefined ? {} : { password: await readPassword() }),
    ...(isTls ? { tls: tlsOptions(tls) } : {}),
    ...(first === undefined ? {} : { host: first.host, port: first.port }),
    ...(sentinel === undefined ? {} : await sentinelOptions(sentinel, tls)),
  };
}

/** `caFile` may name an intermediate authority alone. */
function tlsOptions(tls: ValkeyAddress['tls']): NonNullable<RedisOptions['tls']> {
  return { ...tls, ...(tls.ca === undefined ? {} : { allowPartialTrustChain: true }) };
}

async function sentinelOptions(
  { name, addresses, username, readPassword }: NonNullable<ValkeyAddress['sentinel']>,
  tls: ValkeyAddress['tls'],
): Promise<Omit<RedisOptions, 'replyMapping'>> {
  return {
    name,
    sentinels: addresses.map(({ host, port }) => ({ host, port })),
    sentinelRetryStrategy: retryDelay,
    sentinelCommandTimeout: CONNECT_MS,
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(readPassword === undefined ? {} : { sentinelPassword: await readPassword() }),
    ...(addresses.some(({ isTls }) => isTls) ? { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(tls) } : {}),
  };
}

/** 50 ms, doubling to half a second, times 0.5 to 1.5, so that brokers do not reconnect at the same moment. */
function retryDelay(attempt: number): number {
  return Math.min(MAX_RETRY_MS, 50 * 2 ** Math.min(attempt - 1, 10)) * (0.5 + Math.random());
}

/** Before the next connection: the next address, and the password as it is now. */
function refreshOnClose(client: Redis, { addresses, readPassword }: ValkeyAddress): void {
  let at = 0;
  client.on('close', () => {
    at += 1;
    const next = addresses[at % Math.max(1, addresses.length)];
    if (next !== undefined) Object.assign(client.options, { host: next.host, port: next.port, db: next.database });
    readPassword?.().then(
      (password) => Object.assign(client.options, { password }),
      () => undefined,
    );
  });
}

function subscribe(
  client: Redis,
  address: ValkeyAddress,
  channels: readonly string[],
  onMessage: (channel: string, message: string) => void,
): AsyncDisposable {
  const subscriber = client.duplicate({
    lazyConnect: false,
    // Nothing arrives for a long time where nobody logs in. Pings find out that the connection is lost.
    socketTimeout: undefined,
    // The client does not handle its own failure to subscribe again, which would end the process.
    autoResubscribe: false,
    connectionName: 'fairlead-messages',
  });
  refreshOnClose(subscriber, address);
  const giveUp = (): void => subscriber.disconnect(true);
  subscriber.on('error', () => undefined);
  subscriber.on('message', onMessage);
  subscriber.on('ready', () => void subscriber.subscribe(...channels).catch(() => undefined));
  const watch = createReplyWatch({ silenceMs: SILENCE_MS, replyMs: SILENCE_MS });
  const pings = setInterval(() => {
    if (subscriber.status !== 'ready') return;
    watch.within(() => subscriber.ping()).catch(giveUp);
  }, PING_MS).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(pings);
      subscriber.disconnect();
    },
  };
}
