/** What brokers share: the ledger, and the list of brokers. A store that is down at the start is no reason not to start. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Ledger } from '../../core/ledger.ts';
import type { Clock, Fingerprint, Log } from '../../core/ports.ts';
import type { MemoryLedger } from '../ledger/memory.ts';
import { createBreaker } from './breaker.ts';
import { openClient, PATIENCE } from './client.ts';
import type { ValkeyAddress, ValkeyClient } from './client.ts';
import { createEpochView } from './epoch-view.ts';
import type { SharedEnd } from './epoch-view.ts';
import type { BackendHeartbeat } from './backend-heartbeats.ts';
import { createFleet } from './fleet.ts';
import type { FleetMember, Reach } from './fleet.ts';
import { createFleetKeys } from './fleet-keys.ts';
import { valkeyLedger } from './ledger.ts';
import { storeWarnings } from './inspect.ts';
import type { Patience } from './reply-watch.ts';
import { onceAtATime, repeat } from './schedule.ts';
import { createSettledMessages } from './settled-messages.ts';
import { sharedLedger } from './shared-ledger.ts';
import { createShares } from './shares.ts';
import { StoreDown } from './store-down.ts';
import { createStoreTimes } from './store-time.ts';

export interface SharedStore extends AsyncDisposable {
  readonly ledger: Ledger;
  readonly fingerprint: Fingerprint;
  readonly state: () => SharedState;
  readonly fleet: SharedFleet;
}

/** What the log, metrics and `/readyz` show of the store. */
export interface SharedState {
  /** Why the store is down; undefined: it is up. */
  readonly down: string | undefined;
  /** Brokers that are alive as of the last exchange, this one included. */
  readonly brokers: number;
  /** Brokers that use the store with another fleet key, as of the last exchange. */
  readonly unreadable: number;
  /** Failed commands so far, and logins that used up their time for the store. */
  readonly failures: number;
}

export interface SharedFleet {
  /** The name of this broker. */
  readonly name: string;
  readonly id: string;
  members(): readonly FleetMember[];
  /** Brokers that use the store with another fleet key. */
  unreadable(): number;
  /** Why the store is down; undefined: it is up. */
  down(): string | undefined;
  /** Makes all brokers sign new tokens instead of giving out earlier ones again. */
  endTokens(): Promise<void>;
  /** Waits until the others have applied what has ended. @throws StoreDown */
  reach(): Promise<Reach>;
}

export interface SharedStoreOptions {
  readonly address: ValkeyAddress;
  /** The contents of the fleet key files; the first is used for what is written. */
  readonly keys: readonly Uint8Array[];
  readonly whenDown: 'local' | 'refuse';
  /** The longest time for which a broker uses a cached answer, in seconds. */
  readonly cacheSeconds: number;
  /** For tests on a busy machine; absent: that of the client. */
  readonly patience?: Patience;
  readonly local: MemoryLedger;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when another broker has ended something. */
  readonly onEnd: (ended: SharedEnd) => void;
  /** The revisions in force at this broker. */
  readonly revisions: () => Readonly<Record<string, string>>;
  /** The backends of this broker, as it last found them. */
  readonly backends: () => readonly BackendHeartbeat[];
}

/** A start does not wait longer for the store. */
const START_MS = 500;
/** How often epochs are exchanged: what is ended reaches all brokers within a second, also without messages. */
const SYNC_MS = 500;
const ENDED = 'fl:ended';
const SETTLED = 'fl:settled';

/** @throws Error when a fleet key or a file cannot be used */
export async function openSharedStore(options: SharedStoreOptions): Promise<SharedStore> {
  const keys = createFleetKeys(options.keys);
  await using resources = new AsyncDisposableStack();
  const client = resources.use(await openClient(options.address, options.patience));
  const messages = createSettledMessages();
  const parts = connect(client, options, keys, messages.wait);
  const { breaker, fleet, syncSoon } = parts;
  client.onReady(breaker.hasConnection);
  resources.use(
    client.subscribe([ENDED, SETTLED], (channel, message) => {
      if (channel === SETTLED) messages.receive(message);
      else syncSoon();
    }),
  );
  await client.connected(START_MS);
  await parts.syncNow();
  const warn = warnOnce(client, options.log);
  client.onReady(warn);
  await warn();
  resources.use(repeat(parts.syncNow, SYNC_MS));
  resources.defer(() => breaker.run(fleet.leave).catch(() => undefined));
  const running = resources.move();
  return {
    ledger: parts.ledger,
    fingerprint: keys.fingerprint,
    state: parts.state,
    fleet: parts.sharedFleet,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function connect(
  client: ValkeyClient,
  { local, clock, log, whenDown, cacheSeconds, onEnd, revisions, backends, patience = PATIENCE }: SharedStoreOptions,
  keys: ReturnType<typeof createFleetKeys>,
  settledElsewhere: (login: string) => Promise<void>,
) {
  const id = randomBytes(6).toString('hex');
  const name = `${hostname()}:${process.pid}`;
  const shares = createShares(clock);
  const state = { down: undefined as string | undefined, failures: 0 };
  const noteFailure = (): void => {
    state.failures += 1;
  };
  const epochs = createEpochView({
    run: client.run,
    clock,
    onNewer: () => syncSoon(),
    onEnd: (ended) => {
      if (ended.kind !== 'tokens') void local.end(ended);
      onEnd(ended);
    },
  });
  const fleet = createFleet({ id, name, revisions, backends, epochs, keys, clock, cacheSeconds });
  const breaker = createBreaker({
    // Nothing is asked of the store before it has what this broker has seen and counted.
    probe: () => exchange(),
    onChange: (cause) => {
      state.down = cause;
      if (cause === undefined) return log.info('shared store up again');
      shares.beginOutage();
      return log.error('shared store down', { cause });
    },
    onCause: (cause) => {
      state.down = cause;
      log.error('shared store still down', { cause });
    },
    onFailure: noteFailure,
    later: (milliseconds, work) => void setTimeout(work, milliseconds).unref(),
    random: Math.random,
  });
  const ledger = sharedLedger({
    remote: valkeyLedger({ epochs, keys, clock }),
    local,
    epochs,
    breaker,
    shares,
    whenDown,
    brokers: () => fleet.sharing(),
    settledElsewhere,
    storeTime: createStoreTimes({ limitMs: patience.loginMs, onUsedUp: noteFailure }),
    clock,
  });
  const warnUnreadable = createUnreadableWarning(log);
  const exchange = async (): Promise<void> => {
    await fleet.sync();
    await ledger.renewFlights();
    await ledger.catchUp();
  };
  // Also without an outage: one lost reply leaves something that the store has missed.
  const syncNow = (): Promise<void> =>
    breaker.run(exchange).then(
      () => warnUnreadable(fleet.unreadable()),
      () => undefined,
    );
  const syncSoon = onceAtATime(syncNow);
  async function reach(): Promise<Reach> {
    await ledger.catchUp();
    // A run that began before the end may not have included it.
    if (ledger.owesEnds()) await ledger.catchUp();
    if (ledger.owesEnds()) throw new StoreDown('the store has not taken all that ended here');
    return fleet.reach();
  }

  const sharedFleet: SharedFleet = {
    id,
    name,
    members: fleet.members,
    unreadable: fleet.unreadable,
    down: () => state.down,
    endTokens: async () => void (await breaker.run(() => epochs.end({ kind: 'tokens' }))),
    reach: () => breaker.run(reach),
  };
  const stateNow = (): SharedState => ({
    ...state,
    brokers: Math.max(1, fleet.members().length),
    unreadable: fleet.unreadable(),
  });
  return { ledger, breaker, fleet, sharedFleet, syncNow, syncSoon, state: stateNow };
}

/** Warns once while there are brokers with another fleet key: they share nothing with this one. */
function createUnreadableWarning(log: Log): (brokers: number) => void {
  let before = 0;
  return (brokers) => {
    if (brokers > 0 && before === 0) {
      log.warn('other fleet key: brokers use the shared store with another key and share nothing with this one', {
        brokers,
      });
    }
    before = brokers;
  };
}

/** Logs each warning about the store once. */
function warnOnce(client: ValkeyClient, log: Log): () => Promise<void> {
  const warned = new Set<string>();
  return async () => {
    const warnings = await storeWarnings(client).catch(() => []);
    for (const text of warnings.filter((one) => !warned.has(one))) {
      warned.add(text);
      log.warn('shared store warning', { warning: text });
    }
  };
}
