/**
 * The last decisions of this broker, in memory. Each is one text: compact, and without the text of its request, of which
 * a scope is only a part.
 */
import type { Grant } from '../core/access.ts';
import type { AuditEvent } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import type { Clock, EventSink } from '../core/ports.ts';
import type { DecisionFilter, RecentDecision, RecentDecisions } from '../core/recent-decision.ts';
import { typed } from './audit/audit-lines.ts';

/** Bounds of what one request leaves, so that all of them together stay below some 20 MB. */
const MAX_SCOPES = 8;
const MAX_REASONS = 8;
const MAX_CAUSE = 256;

export interface DecisionMemory extends EventSink, RecentDecisions {}

/** @param capacity the most decisions that are held */
export function rememberDecisions(capacity: number, clock: Pick<Clock, 'now'>): DecisionMemory {
  const ring: string[] = [];
  const startedAt = clock.now();
  let next = 0;

  /** The latest first. */
  function* decisions(): Generator<RecentDecision> {
    for (let back = 1; back <= ring.length; back += 1) {
      const text = ring[(next - back + ring.length) % ring.length];
      if (text !== undefined) yield parse(text);
    }
  }

  return {
    capacity,
    count: () => ring.length,
    since: () => (ring.length < capacity ? startedAt : parse(ring[next % capacity] ?? '').at),
    record: (event) => {
      const decision = decisionOf(event, clock.now());
      if (decision === undefined) return;
      ring[next % capacity] = JSON.stringify(decision);
      next = (next + 1) % capacity;
    },
    find: (filter, most) => {
      const found: RecentDecision[] = [];
      let more = 0;
      for (const decision of decisions()) {
        if (!matches(decision, filter)) continue;
        if (found.length < most) found.push(decision);
        else more += 1;
      }
      return { found, more };
    },
    byRequest: (requestId) => {
      for (const decision of decisions()) if (decision.requestId === requestId) return decision;
      return undefined;
    },
  };
}

function parse(text: string): RecentDecision {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `record` writes the texts
  return JSON.parse(text) as RecentDecision;
}

function decisionOf(event: AuditEvent, at: number): RecentDecision | undefined {
  if (event.type !== 'token.issued' && event.type !== 'token.refused') return undefined;
  const { requestId, client } = event.request;
  const shared = { requestId, at, client };
  if (event.type === 'token.issued') {
    const { caller, service, grants } = event;
    const scopes = grants.slice(0, MAX_SCOPES).map(scopeOf);
    return { ...shared, ...userOf(caller), service, scopes, unlisted: grants.length - scopes.length };
  }
  const { code, cause, username, service } = event;
  return {
    ...shared,
    ...(username === undefined ? {} : { username: typed(username) }),
    service: typed(service),
    scopes: [],
    unlisted: 0,
    refusal: { code, cause: cause.slice(0, MAX_CAUSE) },
  };
}

function userOf(caller: Caller): Pick<RecentDecision, 'username' | 'backend' | 'via'> {
  if (caller.kind === 'anonymous') return {};
  const { username, backend } = caller.identity;
  const { kind, name } = caller.via ?? {};
  if (kind === undefined) return { username, backend };
  return { username, backend, via: { kind, ...(name === undefined ? {} : { name }) } };
}

function scopeOf({ asked, granted, limited = [], because }: Grant): RecentDecision['scopes'][number] {
  return { asked, granted, limited, because: because.slice(0, MAX_REASONS) };
}

function matches({ username, scopes, refusal }: RecentDecision, filter: DecisionFilter): boolean {
  const { person, repository, isRefusedOnly } = filter;
  if (person !== '' && !isPart(person, username ?? 'anonymous')) return false;
  if (repository !== '' && !scopes.some(({ asked }) => isPart(repository, asked.name))) return false;
  return !isRefusedOnly || refusal !== undefined || scopes.some(isDenied);
}

function isPart(part: string, text: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

function isDenied({ asked, granted }: RecentDecision['scopes'][number]): boolean {
  return !granted.includes('*') && asked.actions.some((action) => !granted.includes(action));
}
