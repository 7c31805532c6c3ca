/**
 * Recent decisions as texts. Thousands of sets and maps take the event loop half a second to hand to a thread; texts take
 * some milliseconds, and are made between the turns of other requests.
 */
import { encodeIdentity, parseIdentity } from '../../core/identity-record.ts';
import { ANONYMOUS } from '../../core/identity.ts';
import type { Caller } from '../../core/identity.ts';
import type { Timer } from '../../core/ports.ts';
import type { RecentDecision, RecordedCaller, RepeatableDecision } from '../../core/recent-decision.ts';
import { parseStoredLimits } from '../../core/token-limits.ts';

export interface RecentTexts {
  /** Each is the JSON of a `CallerRecord`. */
  readonly callers: readonly string[];
  readonly decisions: readonly {
    /** The JSON of a `RecentDecision`. */
    readonly text: string;
    /** The place of its caller in `callers`. Absent: the caller is not recorded. */
    readonly caller?: number;
  }[];
}

/** Decisions that are encoded in one turn: about a millisecond. */
const BATCH = 100;

export async function encodeRecent(
  recent: readonly RepeatableDecision[],
  timer: Pick<Timer, 'turn'>,
): Promise<RecentTexts> {
  const callers: string[] = [];
  const places = new Map<object, number>();
  const placeOf = (caller: RecordedCaller): number => {
    // The limits belong to one use of a token, and an identity to many requests.
    const key = caller.limits ?? caller.identity ?? ANONYMOUS;
    const place = places.get(key) ?? callers.push(JSON.stringify(recordOf(caller))) - 1;
    places.set(key, place);
    return place;
  };
  const decisions: RecentTexts['decisions'][number][] = [];
  for (const [index, { text, caller }] of recent.entries()) {
    decisions.push({ text, ...(caller === undefined ? {} : { caller: placeOf(caller) }) });
    if (index % BATCH === BATCH - 1) await timer.turn();
  }
  return { callers, decisions };
}

function recordOf({ identity, limits }: RecordedCaller) {
  return { ...(identity === undefined ? {} : { identity: encodeIdentity(identity) }), limits };
}

interface DecodedDecision {
  readonly decision: RecentDecision;
  /** Undefined: it is not recorded. */
  readonly caller: Caller | undefined;
}

/** @throws Error when the texts are not those of `encodeRecent` */
export function* decodeRecent({ callers, decisions }: RecentTexts): Generator<DecodedDecision> {
  const decoded = callers.map(callerOf);
  for (const { text, caller } of decisions) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `RecentTexts` says what it is
    const decision = JSON.parse(text) as RecentDecision;
    yield { decision, caller: caller === undefined ? undefined : decoded[caller] };
  }
}

function callerOf(text: string): Caller {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both parts are parsed below
  const { identity: record, limits: stored } = JSON.parse(text) as { identity?: unknown; limits?: unknown };
  if (record === undefined) return ANONYMOUS;
  const identity = parseIdentity(record);
  const limits = stored === undefined ? undefined : parseStoredLimits(stored);
  // Without its limits, a decision would be another one.
  if (identity === undefined || typeof limits === 'string') throw new Error('a recent decision cannot be read');
  return {
    kind: 'user',
    identity,
    ...(limits === undefined ? {} : { via: { kind: 'personal-token', id: '', limits } }),
  };
}
