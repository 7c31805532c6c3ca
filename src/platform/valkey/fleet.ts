/**
 * The brokers of a fleet, as each says about itself in the store every few seconds. What one broker ends reaches the
 * others by a message, and by the next exchange of epochs where the message is lost.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../core/ports.ts';
import { boundedBackends, readBackends } from './backend-heartbeats.ts';
import type { BackendHeartbeat } from './backend-heartbeats.ts';
import type { EpochView, StoredHeartbeat } from './epoch-view.ts';
import type { FleetKeys } from './fleet-keys.ts';
import { SILENT_MS } from './scripts/sync.ts';

/** A broker, as the others see it. */
export interface FleetMember {
  readonly id: string;
  /** For people, such as host name and process id. */
  readonly name: string;
  /** Milliseconds since its last heartbeat. */
  readonly ageMs: number;
  /** The newest epoch that it has applied. */
  readonly epoch: number;
  /** What is in force there: `policy` and `keys` with their revisions, and so on. */
  readonly revisions: Readonly<Record<string, string>>;
  /** Its backends, as it last found them. Absent: a broker of an earlier version. */
  readonly backends?: readonly BackendHeartbeat[];
}

/** Which brokers have applied something. A silent one is missed until no cache can hold what has ended. */
export interface Reach {
  readonly reached: readonly string[];
  readonly missed: readonly string[];
}

interface Fleet {
  /** As of the last exchange. */
  members(): readonly FleetMember[];
  /** Brokers whose heartbeat this one cannot read, as of the last exchange: their fleet key is another one. */
  unreadable(): number;
  /** How many brokers share a limit. Infinite before the first exchange: nobody knows, and a broker takes the least. */
  sharing(): number;
  /** Exchanges epochs and heartbeats now. @throws StoreDown */
  sync(): Promise<void>;
  /** Waits until the other brokers have applied all that has ended. @throws StoreDown */
  reach(): Promise<Reach>;
  /** Removes this broker from the list. @throws StoreDown */
  leave(): Promise<void>;
}

/** Brokers of one exchange. */
interface Listed {
  readonly members: readonly FleetMember[];
  /** Empty unless they were asked for. */
  readonly silent: readonly FleetMember[];
}

interface FleetOptions {
  readonly id: string;
  readonly name: string;
  readonly revisions: () => Readonly<Record<string, string>>;
  readonly backends: () => readonly BackendHeartbeat[];
  readonly epochs: Pick<EpochView, 'current' | 'sync'>;
  readonly keys: Pick<FleetKeys, 'seal' | 'open'>;
  readonly clock: Clock;
  /** The longest time for which a broker uses a cached answer, in seconds. */
  readonly cacheSeconds: number;
}

const BEAT_MS = 5000;
const REACH_MS = 1000;
const REACH_POLL_MS = 50;
/** An old heartbeat that somebody has put back: clocks of brokers may differ by a minute. */
const MAX_AGE_SECONDS = 75;

export function createFleet(options: FleetOptions): Fleet {
  const { id, name, revisions, epochs, keys, clock, cacheSeconds } = options;
  const keepMs = Math.max(SILENT_MS, cacheSeconds * 1000);
  let members: readonly FleetMember[] = [];
  let unreadable = 0;
  let lastBeat = '';
  let lastBeatAt = -Infinity;
  let hasSynced = false;

  /** @returns what this exchange lists: another one may run at the same time, and list other brokers. */
  async function sync(withSilent = false): Promise<Listed> {
    const listed = await exchange(withSilent);
    // What the answer ended is applied now, and whoever waits for that reads it from the heartbeat.
    return lastBeat === ownState() ? listed : exchange(withSilent);
  }

  const ownState = (): string => JSON.stringify([name, epochs.current(), revisions()]);

  async function exchange(withSilent: boolean): Promise<Listed> {
    const state = ownState();
    const isDue = state !== lastBeat || clock.monotonic() - lastBeatAt >= BEAT_MS;
    const beat = isDue ? { beat: sealBeat() } : {};
    const stored = await epochs.sync({ id, ...beat, keepMs, withSilent });
    if (isDue) {
      lastBeat = state;
      lastBeatAt = clock.monotonic();
    }
    // A store that has restarted does not list this broker.
    if (!stored.some((one) => one.id === id)) lastBeat = '';
    members = stored.flatMap((one) => openBeat(one, keys, clock));
    unreadable = countUnreadable(stored, keys);
    hasSynced = true;
    return { members, silent: stored.flatMap((one) => openSilentBeat(one, keys)) };
  }

  function sealBeat(): string {
    const backends = boundedBackends(options.backends());
    return keys.seal(entryOf(id), { name, epoch: epochs.current(), revisions: revisions(), backends, at: clock.now() });
  }

  return {
    members: () => members,
    unreadable: () => unreadable,
    sharing: () => (hasSynced ? Math.max(1, members.length) : Infinity),
    sync: async () => void (await sync()),
    reach: async () => {
      const target = epochs.current();
      const end = clock.monotonic() + REACH_MS;
      for (;;) {
        const listed = await sync(true);
        const others = [...listed.members, ...listed.silent].filter((member) => member.id !== id);
        const missed = others.filter(({ epoch }) => epoch < target);
        if (missed.length === 0 || clock.monotonic() >= end) {
          const reached = others.filter((member) => !missed.includes(member));
          return { reached: reached.map((one) => one.name), missed: missed.map((one) => one.name) };
        }
        await delay(REACH_POLL_MS);
      }
    },
    leave: async () => void (await epochs.sync({ id, leaves: true })),
  };
}

/** The brokers that are alive, for a command that is none of them. @throws StoreDown */
export async function listMembers(
  epochs: Pick<EpochView, 'sync'>,
  keys: Pick<FleetKeys, 'open'>,
  clock: Clock,
): Promise<{ readonly members: readonly FleetMember[]; readonly unreadable: number }> {
  const stored = await epochs.sync({ id: '' });
  return {
    members: stored.flatMap((one) => openBeat(one, keys, clock)),
    unreadable: countUnreadable(stored, keys),
  };
}

function countUnreadable(stored: readonly StoredHeartbeat[], keys: Pick<FleetKeys, 'open'>): number {
  return stored.filter(({ id, ageMs, sealed }) => ageMs <= SILENT_MS && keys.open(entryOf(id), sealed) === undefined)
    .length;
}

function openBeat(stored: StoredHeartbeat, keys: Pick<FleetKeys, 'open'>, clock: Clock): readonly FleetMember[] {
  const beat = stored.ageMs > SILENT_MS ? undefined : beatIn(stored, keys);
  if (beat === undefined || Math.abs(clock.now() - beat.at) > MAX_AGE_SECONDS) return [];
  return [memberOf(stored, beat)];
}

/** Its age is that of the store: an old heartbeat that somebody has put back only makes a flush incomplete. */
function openSilentBeat(stored: StoredHeartbeat, keys: Pick<FleetKeys, 'open'>): readonly FleetMember[] {
  const beat = stored.ageMs > SILENT_MS ? beatIn(stored, keys) : undefined;
  return beat === undefined ? [] : [memberOf(stored, beat)];
}

function beatIn({ id, sealed }: StoredHeartbeat, keys: Pick<FleetKeys, 'open'>): Beat | undefined {
  const value = keys.open(entryOf(id), sealed);
  return isBeat(value) ? value : undefined;
}

function memberOf({ id, ageMs }: StoredHeartbeat, { name, epoch, revisions, backends }: Beat): FleetMember {
  const read = readBackends(backends);
  return { id, ageMs, name, epoch, revisions, ...(read === undefined ? {} : { backends: read }) };
}

function entryOf(id: string): string {
  return `fl:brokers ${id}`;
}

interface Beat {
  readonly name: string;
  readonly epoch: number;
  readonly at: number;
  readonly revisions: Readonly<Record<string, string>>;
  /** See `readBackends`. */
  readonly backends?: unknown;
}

function isBeat(value: unknown): value is Beat {
  if (typeof value !== 'object' || value === null) return false;
  const { name, epoch, at, revisions }: Readonly<Record<string, unknown>> = { ...value };
  return (
    typeof name === 'string' &&
    typeof epoch === 'number' &&
    typeof at === 'number' &&
    typeof revisions === 'object' &&
    revisions !== null &&
    Object.values(revisions).every((text) => typeof text === 'string')
  );
}
