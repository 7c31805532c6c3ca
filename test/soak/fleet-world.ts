/** The servers of the fleet soak, and three brokers that use them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { startLink } from '../support/link.ts';
import type { Link } from '../support/link.ts';
import { findPart } from '../support/parts.ts';
import { migrated, startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { REDIS, SENTINEL, startSentinels, startStore } from '../support/valkey.ts';
import type { Store } from '../support/valkey.ts';
import { LDIF } from './clients.ts';
import { openFleetBroker } from './fleet-broker.ts';
import type { FleetBroker } from './fleet-broker.ts';

export const BROKERS = 3;

/** A store, and the network by which the other store and the Sentinels reach it. */
export interface NetworkedStore {
  readonly store: Store;
  readonly link: Link;
}

export interface FleetWorld extends AsyncDisposable {
  readonly brokers: readonly FleetBroker[];
  readonly stores: readonly [NetworkedStore, NetworkedStore];
  readonly postgres: Postgres;
  readonly directories: readonly [Slapd, Slapd];
  /** Where brokers write snapshots of their heaps. */
  readonly snapshots: string;
}

/** Replication comes from here, so that it can be cut off without the Sentinels. */
export const STORE_ADDRESS = '127.0.0.2';

/** @throws when Redis, PostgreSQL or slapd is missing */
export async function openFleetWorld(): Promise<FleetWorld> {
  await using resources = new AsyncDisposableStack();
  const snapshots = await mkdtemp(join(tmpdir(), 'fairlead-soak-'));
  resources.defer(() => rm(snapshots, { recursive: true }));
  const primary = await openStore(resources);
  const stores = [primary, await openStore(resources, primary)] as const;
  const known = { port: primary.link.port, call: primary.store.call };
  const sentinels = resources.use(await startSentinels(findPart(SENTINEL) ?? '', known, 3));
  const postgres = await migrated(resources.use(await startPostgres()));
  const directories = [
    resources.use(await startSlapd({ ldif: LDIF })),
    resources.use(await startSlapd({ ldif: LDIF })),
  ] as const;
  const servers = {
    stores: new Map(stores.map(({ store, link }) => [link.port, store.port])),
    sentinels: sentinels.ports,
    postgres,
    directories,
  };
  const brokers: FleetBroker[] = [];
  for (let n = 0; n < BROKERS; n += 1) brokers.push(await openFleetBroker(resources, servers, snapshots));
  const running = resources.move();
  return {
    brokers,
    stores,
    postgres,
    directories,
    snapshots,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function openStore(resources: AsyncDisposableStack, primary?: NetworkedStore): Promise<NetworkedStore> {
  const port = await freePort();
  const link = resources.use(await startLink(port));
  const config = [
    `bind-source-addr ${STORE_ADDRESS}`,
    'replica-announce-ip 127.0.0.1',
    `replica-announce-port ${link.port}`,
    'repl-diskless-sync-delay 0',
    'maxmemory 100mb',
    'maxmemory-policy volatile-ttl',
    ...(primary === undefined ? [] : [`replicaof 127.0.0.1 ${primary.link.port}`]),
  ];
  return { store: resources.use(await startStore(findPart(REDIS) ?? '', { port, config })), link };
}
