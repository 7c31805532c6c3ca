/**
 * The last decisions of this broker, in memory. Each is one text: compact, and without the text of its request, of which
 * a scope is only a part.
 */
import type { AuditEvent } from '../core/events.ts';
import type { Identity } from '../core/identity.ts';
import type { Clock, EventSink } from '../core/ports.ts';
import { DECISION_CLASSES, whoText } from '../core/recent-decision.ts';
import type {
  DecisionClass,
  DecisionFilter,
  RecentDecision,
  RecentDecisions,
  RecordedCaller,
} from '../core/recent-decision.ts';
import { storedLimits } from '../core/token-limits.ts';
import type { StoredLimit } from '../core/token-limits.ts';
import { createSharedObjects } from './shared-objects.ts';
import type { SharedObjects } from './shared-objects.ts';
import { decisionOf, isDenied } from './decision-of-event.ts';
import { containsText, firstMatches } from './list-filter.ts';
import { createSharedRing } from './shared-ring.ts';

/** The most characters of the groups, attributes and limits of all callers together. Most of them are in the login cache as well. */
const MAX_CALLERS = 16 * 1024 * 1024;

export interface RecordedDecisions extends EventSink, RecentDecisions {}

/**
 * @param capacity the largest number of decisions, at least 3
 * @param maxCallers the most characters of what is recorded of their callers
 */
export function recordDecisions(
  capacity: number,
  clock: Pick<Clock, 'now'>,
  maxCallers = MAX_CALLERS,
): RecordedDecisions {
  const ring = createSharedRing<DecisionClass, Entry>(sharesOf(capacity));
  const shared = createSharedObjects(maxCallers);
  const startedAt = clock.now();

  const first = (isMeant: (entry: Entry) => boolean): RecentDecision | undefined => {
    const entry = ring.latestFirst().find(isMeant);
    return entry === undefined ? undefined : parse(entry.text);
  };

  const sinceOf = (kind: DecisionClass): number => {
    const oldest = ring.completeFrom(kind);
    return oldest === undefined ? startedAt : parse(oldest.text).at;
  };

  return {
    capacity,
    count: () => ring.count(),
    since: (kinds = DECISION_CLASSES) => Math.max(...kinds.map(sinceOf)),
    record: (event) => {
      const decision = decisionOf(event, clock.now());
      if (decision === undefined) return;
      const kind = classOf(decision);
      release(shared, ring.makeRoom(kind));
      ring.add(kind, { kind, text: JSON.stringify(decision), ...factsOf(decision), ...callerIn(event, shared) });
    },
    find: (filter, most) => {
      const { found, more } = firstMatches(ring.latestFirst(), (entry) => matches(entry, filter), most);
      return { found: found.map(({ text }) => parse(text)), more };
    },
    byRequest: (requestId) => first((entry) => entry.requestId === requestId),
    byToken: (tokenId) => first((entry) => entry.tokenId === tokenId && entry.endpoint === undefined),
    repeatable: () =>
      ring
        .latestFirst()
        .filter(({ isIssued }) => isIssued)
        .map(({ text, caller }) => ({ text, caller }))
        .toArray(),
  };
}

/**
 * Anybody can send any number of requests without a user name, and of refused logins. They hide neither each other nor
 * what users were granted and denied.
 */
function sharesOf(capacity: number): Readonly<Record<DecisionClass, number>> {
  const quarter = Math.max(1, Math.floor(capacity / 4));
  return { user: capacity - 2 * quarter, nameless: quarter, refused: quarter };
}

function classOf({ username, refusal, tokenId }: RecentDecision): DecisionClass {
  if (username === undefined) return 'nameless';
  // With a registry token, it is a decision at a proxy, and the token was verified.
  return refusal !== undefined && tokenId === undefined ? 'refused' : 'user';
}

interface Entry extends Pick<RecentDecision, 'requestId' | 'endpoint' | 'username' | 'nobody' | 'tokenId'> {
  readonly kind: DecisionClass;
  readonly text: string;
  readonly isRefused: boolean;
  readonly isIssued: boolean;
  /** Undefined: nobody was authenticated, or there was no room. */
  readonly caller: RecordedCaller | undefined;
}

/** Identities are stored by reference: a cached login has the same one each time. */
function callerIn(event: AuditEvent, shared: SharedObjects): Pick<Entry, 'isIssued' | 'caller'> {
  if (event.type !== 'token.issued') return { isIssued: false, caller: undefined };
  const { caller } = event;
  if (caller.kind === 'anonymous') return { isIssued: true, caller: {} };
  const { identity, via } = caller;
  const limits = via?.limits === undefined ? undefined : storedLimits(via.limits);
  if (!shared.add(identity, () => identitySize(identity))) return { isIssued: true, caller: undefined };
  if (limits !== undefined && !shared.add(limits, () => limitsSize(limits))) {
    shared.remove(identity);
    return { isIssued: true, caller: undefined };
  }
  return { isIssued: true, caller: { identity, ...(limits === undefined ? {} : { limits }) } };
}

function release(shared: SharedObjects, entry: Entry | undefined): void {
  const { identity, limits } = entry?.caller ?? {};
  if (identity !== undefined) shared.remove(identity);
  if (limits !== undefined) shared.remove(limits);
}

/** Of one text in a set or a list, in addition to its characters. */
const TEXT_OVERHEAD = 32;

function identitySize({ username, subject = '', groups, attributes }: Identity): number {
  const attributeTexts = [...attributes].flatMap(([name, values]) => [name, ...values]);
  return sizeOf([username, subject, ...groups, ...attributeTexts]);
}

function limitsSize(limits: readonly StoredLimit[]): number {
  return sizeOf(limits.flatMap(({ service, repositories, actions }) => [service, ...repositories, ...actions]));
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length + TEXT_OVERHEAD, 0);
}

/**
 * What entries are found by. Everybody with a session can search: to parse the texts of all of them, which a user can make
 * large, takes the event loop a second.
 */
function factsOf({ requestId, endpoint, username, nobody, tokenId, scopes, refusal }: RecentDecision) {
  const isRefused = refusal !== undefined || scopes.some(isDenied);
  const own = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(username === undefined ? {} : { username }),
    ...(nobody === undefined ? {} : { nobody }),
    ...(tokenId === undefined ? {} : { tokenId }),
  };
  return { requestId, isRefused, ...own };
}

function parse(text: string): RecentDecision {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `record` writes the texts
  return JSON.parse(text) as RecentDecision;
}

function matches(entry: Entry, filter: DecisionFilter): boolean {
  const { text, isRefused } = entry;
  const { person, repository, isRefusedOnly, kind = entry.kind } = filter;
  if (kind !== entry.kind) return false;
  if (!containsText(whoText(entry), person) || (isRefusedOnly && !isRefused)) return false;
  return repository === '' || parse(text).scopes.some(({ asked }) => containsText(asked.name, repository));
}
