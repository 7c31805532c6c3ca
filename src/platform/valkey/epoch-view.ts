/**
 * The epochs of the store as this broker has seen them. An epoch is a number that grows with each end: milliseconds
 * since 1970 times 1000, with random last digits. A store that shows an older one has lost what was written since, and is
 * given the newest ones again before it is asked anything else.
 */
import { randomInt } from 'node:crypto';
import type { Ended } from '../../core/ledger.ts';
import type { Clock } from '../../core/ports.ts';
import type { ScriptName } from './scripts/index.ts';
import { StoreDown } from './store-down.ts';

/** Signed tokens must not be given out again either. */
export type SharedEnd = Ended | { readonly kind: 'tokens' };

type Query = Readonly<Record<string, unknown>>;
/** Runs a script. @throws StoreDown */
export type RunScript = (name: ScriptName, query: Query) => Promise<readonly unknown[]>;

export interface StoredHeartbeat {
  readonly id: string;
  readonly ageMs: number;
  readonly sealed: string;
}

/** What a broker says about itself when it exchanges epochs. */
export interface Presence {
  readonly id: string;
  /** Absent: the last one is still true. */
  readonly beat?: string;
  readonly leaves?: boolean;
  /** Milliseconds after which a silent broker is removed from the list. Absent: none is removed. */
  readonly keepMs?: number;
  /** Whether silent brokers are listed as well. */
  readonly withSilent?: boolean;
}

export interface EpochView {
  /** Runs a script with the newest epoch, and reads that of the store from its reply. */
  call: RunScript;
  /** The newest epoch that this broker has seen. */
  current(): number;
  /** The newest end of the answers of a backend that this broker has seen, whatever the store shows now. */
  endOfAnswers(backend: string): number;
  /** Exchanges epochs and heartbeats, and reports what others have ended. */
  sync(presence: Presence): Promise<readonly StoredHeartbeat[]>;
  /** Ends something for all brokers. @returns its epoch */
  end(ended: SharedEnd): Promise<number>;
}

interface EpochViewOptions {
  readonly run: RunScript;
  /** Called when another broker has ended something. What is reported may be more than what ended, and never less. */
  readonly onEnd: (ended: SharedEnd) => void;
  /** Called when a reply shows a newer epoch, whose reason `sync` finds out. */
  readonly onNewer: () => void;
  readonly clock: Pick<Clock, 'now'>;
  /** Milliseconds, for tests; absent: the clock of the store. */
  readonly now?: (() => number) | undefined;
}

/** Microseconds: milliseconds, with three random digits. */
const EPOCHS_PER_SECOND = 1_000_000;
/** The broker that only asks, such as a command. */
const NOBODY: Presence = { id: '' };
/** Clocks of the store and of brokers may differ. An epoch near 2^53 could not grow any more. */
const MAX_AHEAD_SECONDS = 86_400;

export function createEpochView({ run, onEnd, onNewer, clock, now }: EpochViewOptions): EpochView {
  let seen = 0;
  /** The newest epoch whose reason is known. */
  let explained = 0;
  let hasSynced = false;
  const fields = new Map<string, number>();

  const common = (): Query => ({ seen, random: randomInt(1000), ...(now === undefined ? {} : { now: now() }) });

  /** @throws StoreDown when it cannot be an epoch, which would hide all later ones */
  function epochOf(value: unknown): number {
    const epoch = typeof value === 'string' && value !== '' ? Number(value) : NaN;
    const isPossible = Number.isSafeInteger(epoch) && epoch >= 0;
    if (isPossible && epoch <= (clock.now() + MAX_AHEAD_SECONDS) * EPOCHS_PER_SECOND) return epoch;
    throw new StoreDown(
      'the store gave an epoch that is no number, or lies in the future: compare the clocks, and delete fl:epochs',
    );
  }

  function note(epoch: number): void {
    if (epoch <= seen) return;
    seen = epoch;
    onNewer();
  }

  async function call(name: ScriptName, query: Query): Promise<readonly unknown[]> {
    const ask = (): Promise<readonly unknown[]> => run(name, { ...query, ...common() });
    let reply = await ask();
    if (reply[0] === 'behind') {
      await sync(NOBODY);
      reply = await ask();
    }
    if (reply[0] === 'behind') throw new Error('the store shows an older epoch than it was given');
    note(epochOf(reply[1]));
    return reply;
  }

  async function sync(presence: Presence): Promise<readonly StoredHeartbeat[]> {
    const query = { ...presence, epochs: [...fields] };
    const [, current, epochs, brokers] = await run('sync', { ...query, ...common() });
    const newest = epochOf(current);
    const stored = pairs(texts(epochs)).map(([field, text]) => [field, epochOf(text)] as const);
    seen = Math.max(seen, newest);
    const ends = learn(stored);
    if (hasSynced) for (const ended of ends) onEnd(ended);
    hasSynced = true;
    return heartbeats(texts(brokers));
  }

  /** @returns what has ended since the last time */
  function learn(stored: readonly (readonly [string, number])[]): readonly SharedEnd[] {
    const newer = stored.filter(([field, epoch]) => epoch > (fields.get(field) ?? 0));
    for (const [field, epoch] of newer) fields.set(field, epoch);
    const ends = newer.flatMap(([field]) => endOf(field));
    explained = Math.max(explained, ...[...fields].filter(([field]) => field !== 'current').map(([, epoch]) => epoch));
    if (seen <= explained) return ends;
    // The logins of one account ended. Which one is not stored.
    explained = seen;
    return [...ends, { kind: 'answers' }];
  }

  return {
    call,
    current: () => seen,
    endOfAnswers: (backend) => Math.max(fields.get('answers') ?? 0, fields.get(`answers ${backend}`) ?? 0),
    sync,
    end: async (ended) => {
      const [, text] = await call('end', ended);
      const epoch = epochOf(text);
      for (const field of fieldsOf(ended)) fields.set(field, epoch);
      explained = Math.max(explained, epoch);
      return epoch;
    },
  };
}

function fieldsOf(ended: SharedEnd): readonly string[] {
  if (ended.kind === 'account') return [];
  if (ended.kind === 'tokens') return ['tokens'];
  const suffix = ended.backend === undefined ? '' : ` ${ended.backend}`;
  return [`answers${suffix}`, ...(ended.kind === 'answers' ? [] : [`counts${suffix}`])];
}

function endOf(field: string): readonly SharedEnd[] {
  const [what, backend] = field.split(' ');
  if (what === 'tokens') return [{ kind: 'tokens' }];
  if (what === 'answers') return [{ kind: 'answers', backend }];
  return what === 'counts' ? [{ kind: 'answers-and-counts', backend }] : [];
}

function pairs(items: readonly string[]): readonly (readonly [string, string])[] {
  return items.flatMap((field, at) => (at % 2 === 0 ? [[field, items[at + 1] ?? ''] as const] : []));
}

function heartbeats(items: readonly string[]): readonly StoredHeartbeat[] {
  return items.flatMap((id, at) =>
    at % 3 === 0 ? [{ id, ageMs: Number(items[at + 1]), sealed: items[at + 2] ?? '' }] : [],
  );
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
