/**
 * The last decisions of this broker, in memory. Each is one text: compact, and without the text of its request, of which
 * a scope is only a part.
 */
import type { AuditEvent } from '../core/events.ts';
import type { Identity } from '../core/identity.ts';
import type { Clock, EventSink } from '../core/ports.ts';
import type { DecisionFilter, RecentDecision, RecentDecisions, RecordedCaller } from '../core/recent-decision.ts';
import { storedLimits } from '../core/token-limits.ts';
import type { StoredLimit } from '../core/token-limits.ts';
import { createBoundedPool } from './bounded-pool.ts';
import type { BoundedPool } from './bounded-pool.ts';
import { decisionOf, isDenied } from './decision-of-event.ts';
import { containsText, firstMatches } from './list-filter.ts';
import { createRing } from './ring.ts';

/** The most characters of the groups, attributes and limits of all callers together. Most of them are in the login cache as well. */
const MAX_CALLERS = 16 * 1024 * 1024;

export interface RecordedDecisions extends EventSink, RecentDecisions {}

/**
 * @param capacity the largest number of decisions
 * @param maxCallers the most characters of what is recorded of their callers
 */
export function recordDecisions(
  capacity: number,
  clock: Pick<Clock, 'now'>,
  maxCallers = MAX_CALLERS,
): RecordedDecisions {
  const ring = createRing<Entry>(capacity);
  const pool = createBoundedPool(maxCallers);
  const startedAt = clock.now();

  const latestFirst = () => ring.latestFirst().map(({ text }) => parse(text));

  return {
    capacity,
    count: () => ring.count(),
    since: () => {
      const oldest = ring.next();
      return oldest === undefined ? startedAt : parse(oldest.text).at;
    },
    record: (event) => {
      const decision = decisionOf(event, clock.now());
      if (decision === undefined) return;
      release(pool, ring.next());
      ring.add({ text: JSON.stringify(decision), ...callerIn(event, pool) });
    },
    find: (filter, most) => firstMatches(latestFirst(), (decision) => matches(decision, filter), most),
    byRequest: (requestId) => latestFirst().find((decision) => decision.requestId === requestId),
    byToken: (tokenId) =>
      latestFirst().find((decision) => decision.tokenId === tokenId && decision.endpoint === undefined),
    repeatable: () =>
      ring
        .latestFirst()
        .filter(({ isIssued }) => isIssued)
        .map(({ text, caller }) => ({ text, caller }))
        .toArray(),
  };
}

interface Entry {
  readonly text: string;
  readonly isIssued: boolean;
  /** Undefined: nobody was authenticated, or there was no room. */
  readonly caller: RecordedCaller | undefined;
}

/** Identities are stored by reference: a cached login has the same one each time. */
function callerIn(event: AuditEvent, pool: BoundedPool): Omit<Entry, 'text'> {
  if (event.type !== 'token.issued') return { isIssued: false, caller: undefined };
  const { caller } = event;
  if (caller.kind === 'anonymous') return { isIssued: true, caller: {} };
  const { identity, via } = caller;
  const limits = via?.limits === undefined ? undefined : storedLimits(via.limits);
  if (!pool.add(identity, () => identitySize(identity))) return { isIssued: true, caller: undefined };
  if (limits !== undefined && !pool.add(limits, () => limitsSize(limits))) {
    pool.remove(identity);
    return { isIssued: true, caller: undefined };
  }
  return { isIssued: true, caller: { identity, ...(limits === undefined ? {} : { limits }) } };
}

function release(pool: BoundedPool, entry: Entry | undefined): void {
  const { identity, limits } = entry?.caller ?? {};
  if (identity !== undefined) pool.remove(identity);
  if (limits !== undefined) pool.remove(limits);
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

function parse(text: string): RecentDecision {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `record` writes the texts
  return JSON.parse(text) as RecentDecision;
}

function matches({ username, scopes, refusal }: RecentDecision, filter: DecisionFilter): boolean {
  const { person, repository, isRefusedOnly } = filter;
  if (!containsText(username ?? 'anonymous', person)) return false;
  if (repository !== '' && !scopes.some(({ asked }) => containsText(asked.name, repository))) return false;
  return !isRefusedOnly || refusal !== undefined || scopes.some(isDenied);
}
