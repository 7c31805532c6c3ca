/** A broker of the fleet soak: it has its own network to all servers, and can be killed, restarted and frozen. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { freeze, kill, thaw } from '../support/halt.ts';
import { heapReadable } from '../support/heap.ts';
import { startLink } from '../support/link.ts';
import type { Link } from '../support/link.ts';
import type { Postgres } from '../support/postgres.ts';
import { PEOPLE_DN } from '../support/slapd-entries.ts';
import type { Slapd } from '../support/slapd.ts';
import { SERVICE, STATIC_CONFIG } from '../support/static-broker.ts';
import { directoryBackend } from '../support/user-sources.ts';

/** Wrong passwords of one account that the directory may get. */
export const MAX_WRONG = 4;

export interface Servers {
  /** The ports by which the Sentinels know the stores, with the ports of the stores. */
  readonly stores: ReadonlyMap<number, number>;
  readonly sentinels: readonly number[];
  readonly postgres: Postgres;
  readonly directories: readonly [Slapd, Slapd];
}

type Network = Readonly<Record<'store' | 'records' | 'directories', readonly Link[]>>;

export interface FleetBroker {
  readonly url: string;
  readonly network: Network;
  /** The process that runs, or ran last. */
  current(): Broker;
  kill(): Promise<void>;
  restart(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Whether it was killed or frozen at some time since then, by `performance.now`. */
  wasAway(since: number): boolean;
  /** How often one of its processes found that the store is down. */
  storeOutages(): number;
}

const POLICY = JSON.stringify({
  rules: [{ name: 'public images', everyone: true, repositories: ['public/**'], allow: ['pull'] }],
});
/** A broker that was frozen answers first what has waited meanwhile. */
const CATCH_UP_MS = 1000;

/** @param folder for the snapshots of its heap, and its state, which outlives its processes */
export async function openFleetBroker(
  resources: AsyncDisposableStack,
  servers: Servers,
  folder: string,
): Promise<FleetBroker> {
  const port = await freePort();
  const { network, config, files } = await networkTo(servers, resources);
  const processes: Broker[] = [];
  resources.defer(async () => {
    for (const broker of processes) await broker[Symbol.asyncDispose]();
  });
  let awaySince: number | undefined;
  let lastAway = Number.NEGATIVE_INFINITY;

  const start = async (): Promise<void> => {
    const stateDir = join(folder, `state-${port}`);
    const options = { env: heapReadable(folder), config: { ...config, stateDir }, files, port };
    processes.push(await startBroker(options));
  };
  const current = (): Broker => {
    const broker = processes.at(-1);
    if (broker === undefined) throw new Error('the broker was never started');
    return broker;
  };
  const isBack = (): void => {
    awaySince = undefined;
    lastAway = performance.now();
  };
  await start();
  return {
    url: current().url,
    network,
    current,
    kill: async () => {
      awaySince = performance.now();
      await kill(current().process.pid);
    },
    restart: async () => {
      await start();
      isBack();
    },
    freeze: async () => {
      awaySince = performance.now();
      await freeze(current().process.pid);
    },
    thaw: async () => {
      thaw(current().process.pid);
      await delay(CATCH_UP_MS);
      isBack();
    },
    wasAway: (since) => awaySince !== undefined || since <= lastAway,
    storeOutages: () =>
      processes.flatMap((broker) => broker.log().filter(({ message }) => message === 'shared store down')).length,
  };
}

async function networkTo(servers: Servers, resources: AsyncDisposableStack) {
  const { stores, sentinels, postgres, directories } = servers;
  const linkTo = async (port: number, translate?: (chunk: Buffer) => Buffer): Promise<Link> =>
    resources.use(await startLink(port, translate));
  /** The ports that Sentinels name, with those of this network. */
  const ports = new Map<string, string>();
  const translate = (chunk: Buffer): Buffer =>
    // A port of five digits as a string of RESP, the protocol of Redis.
    Buffer.from(
      chunk
        .toString('latin1')
        .replaceAll(/\$5\r\n(\d{5})\r\n/g, (text, port: string) => text.replace(port, ports.get(port) ?? port)),
      'latin1',
    );
  const store: Link[] = [];
  for (const [known, port] of stores) {
    const link = await linkTo(port);
    store.push(link);
    ports.set(String(known), String(link.port));
  }
  const urls: string[] = [];
  for (const port of sentinels) {
    const link = await linkTo(port, translate);
    store.push(link);
    ports.set(String(port), String(link.port));
    urls.push(`redis://127.0.0.1:${link.port}`);
  }
  const records = await linkTo(postgres.port);
  const ldap = [await linkTo(directories[0].port), await linkTo(directories[1].port)];
  return {
    network: { store, records: [records], directories: ldap },
    config: {
      ...STATIC_CONFIG,
      services: { [SERVICE]: { anonymous: 'allow', refreshTokens: {} } },
      log: { level: 'error' },
      shared: { valkey: { sentinel: { name: 'fairlead', urls } }, keyFile: 'fleet.key' },
      records: { postgres: { urlFile: 'postgres.url', tls: { mode: 'none' } } },
      shield: {
        // Short, so that the directory is asked all the time.
        remember: '2s',
        rememberRefused: '2s',
        // Longer than the soak, so that the limit is one for all of it. All clients have the same address.
        rememberWrong: '1h',
        wrongPasswords: { max: MAX_WRONG, maxPerAddress: 0, window: '1h' },
      },
      backends: [
        {
          ...directoryBackend(directories[0]),
          urls: ldap.map(({ port }) => `ldap://127.0.0.1:${port}`),
          // The two directories do not replicate, so that each has its own entryUUID for an account.
          users: { base: PEOPLE_DN, id: 'uid' },
        },
      ],
    },
    files: {
      'fleet.key': 'k'.repeat(44),
      'ldap.password': directories[0].bindPassword,
      'policy.yaml': POLICY,
      'postgres.url': `${postgres.url.replace(`:${postgres.port}/`, `:${records.port}/`)}\n`,
    },
  };
}
