/** The faults of the fleet soak: servers and brokers are killed, frozen and cut off from each other. */
import { freeze, kill, thaw } from '../support/halt.ts';
import type { Link } from '../support/link.ts';
import type { Postgres } from '../support/postgres.ts';
import type { Slapd } from '../support/slapd.ts';
import { waitFor } from '../support/wait.ts';
import type { FleetBroker } from './fleet-broker.ts';
import { STORE_ADDRESS } from './fleet-world.ts';
import type { FleetWorld, NetworkedStore } from './fleet-world.ts';

export interface FleetFault {
  readonly what: string;
  readonly of: 'store' | 'records' | 'directories' | 'broker';
  /** Whether the store may come back without counts of wrong passwords. */
  readonly losesCounts: boolean;
  /** Whether a broker starts at its end. */
  readonly startsBroker: boolean;
  /** @returns what undoes it */
  happen(): Promise<() => unknown>;
}

type Happen = FleetFault['happen'];

export function fleetFaults(world: FleetWorld): readonly FleetFault[] {
  const { brokers } = world;
  // The first broker is never killed: its memory after all the faults is compared with that before them.
  const killable = brokers.slice(1);
  return [
    ...storeFaults(world),
    ...recordsFaults(world),
    ...directoryFaults(world),
    ...brokers.flatMap(({ network }, n) =>
      (['store', 'records', 'directories'] as const).map((of) =>
        fault(of, `broker ${n + 1} cut off from ${of}`, async () => cut(network[of])),
      ),
    ),
    ...killable.map((broker, n) =>
      fault('broker', `broker ${n + 2} killed and restarted`, () => killed(broker), { startsBroker: true }),
    ),
    ...brokers.map((broker, n) => fault('broker', `broker ${n + 1} frozen`, () => frozenBroker(broker))),
  ];
}

function storeFaults({ stores }: FleetWorld): readonly FleetFault[] {
  const of = 'store';
  const primary = (): Promise<NetworkedStore> => primaryOf(stores);
  return [
    fault(of, 'primary killed', async () => killedStores([await primary()]), { losesCounts: true }),
    fault(of, 'both stores killed', () => killedStores(stores), { losesCounts: true }),
    // The replica becomes the primary, and may not have the last counts.
    fault(of, 'primary frozen', async () => frozen([(await primary()).store.pid()]), { losesCounts: true }),
    fault(of, 'both stores frozen', () => frozen(stores.map(({ store }) => store.pid())), { losesCounts: true }),
    // Brokers go on with the old primary, while the Sentinels choose a new one.
    fault(of, 'primary cut off from replica and Sentinels', async () => cut([(await primary()).link]), {
      losesCounts: true,
    }),
    fault(of, 'replica cut off from primary', async () => cut([(await primary()).link], STORE_ADDRESS)),
  ];
}

function recordsFaults({ postgres }: FleetWorld): readonly FleetFault[] {
  return [
    fault('records', 'PostgreSQL killed', async () => {
      const [server = -1] = await postgres.pids();
      await kill(server);
      return () => postgres.start();
    }),
    fault('records', 'PostgreSQL stopped', async () => {
      await postgres.stop();
      return () => postgres.start();
    }),
    fault('records', 'PostgreSQL frozen', () => frozenPostgres(postgres)),
  ];
}

function directoryFaults({ directories }: FleetWorld): readonly FleetFault[] {
  const [first, second] = directories;
  const crashed = async (servers: readonly Slapd[]): ReturnType<Happen> => {
    for (const slapd of servers) {
      await kill(slapd.pid());
      await slapd.stop();
    }
    return async () => {
      for (const slapd of servers) await slapd.start();
    };
  };
  const of = 'directories';
  return [
    fault(of, 'first directory killed', () => crashed([first])),
    fault(of, 'second directory killed', () => crashed([second])),
    fault(of, 'both directories killed', () => crashed(directories)),
    fault(of, 'first directory frozen', () => frozen([first.pid()])),
    fault(of, 'both directories frozen', () => frozen([first.pid(), second.pid()])),
  ];
}

function fault(
  of: FleetFault['of'],
  what: string,
  happen: Happen,
  { losesCounts = false, startsBroker = false } = {},
): FleetFault {
  return { of, what, happen, losesCounts, startsBroker };
}

async function cut(links: readonly Link[], from?: string): ReturnType<Happen> {
  for (const link of links) link.cut(from);
  return () => {
    for (const link of links) link.heal();
  };
}

async function frozen(pids: readonly number[]): ReturnType<Happen> {
  for (const pid of pids) await freeze(pid);
  return () => {
    for (const pid of pids) thaw(pid);
  };
}

/** The server first, which starts no other process then; and last, because it removes processes that have ended. */
async function frozenPostgres(postgres: Postgres): ReturnType<Happen> {
  const [server = -1] = await postgres.pids();
  const thawServer = await frozen([server]);
  const [, ...connections] = await postgres.pids();
  const thawConnections = await frozen(connections);
  return () => {
    thawConnections();
    thawServer();
  };
}

async function killedStores(stores: readonly NetworkedStore[]): ReturnType<Happen> {
  for (const { store } of stores) await store.stop();
  return async () => {
    for (const { store } of stores) await store.start();
  };
}

async function killed(broker: FleetBroker): ReturnType<Happen> {
  await broker.kill();
  return () => broker.restart();
}

async function frozenBroker(broker: FleetBroker): ReturnType<Happen> {
  await broker.freeze();
  return () => broker.thaw();
}

/** The store that is the primary at this moment. */
async function primaryOf(stores: readonly NetworkedStore[]): Promise<NetworkedStore> {
  return waitFor('a primary', async () => {
    for (const networked of stores) {
      const info = await networked.store.call('INFO', 'replication').catch(() => '');
      if (String(info).includes('role:master')) return networked;
    }
    return undefined;
  });
}
