/**
 * The last decisions of this broker, in memory. Each is one text: compact, and without the text of its request, of which
 * a scope is only a part.
 */
import type { AccessRefusal } from '../core/access-refusal.ts';
import { isAction } from '../core/access.ts';
import type { Grant } from '../core/access.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { AuditEvent } from '../core/events.ts';
import type { Caller, Identity } from '../core/identity.ts';
import type { Clock, EventSink } from '../core/ports.ts';
import type { DecisionFilter, RecentDecision, RecentDecisions, RecordedCaller } from '../core/recent-decision.ts';
import type { Scope } from '../core/scope.ts';
import { storedLimits } from '../core/token-limits.ts';
import type { StoredLimit } from '../core/token-limits.ts';
import { typed } from './audit/audit-lines.ts';
import { createBoundedPool } from './bounded-pool.ts';
import type { BoundedPool } from './bounded-pool.ts';
import { containsText } from './name-filter.ts';

/** Bounds of what one request leaves: some 10 KB. */
const MAX_SCOPES = 8;
const MAX_REASONS = 8;
const MAX_CAUSE = 256;
/** The most characters of the groups, attributes and limits of all callers together. The login cache holds most of them too. */
const MAX_CALLERS = 16 * 1024 * 1024;

export interface DecisionMemory extends EventSink, RecentDecisions {}

/**
 * @param capacity the most decisions that are held
 * @param maxCallers the most characters of what is held of their callers
 */
export function rememberDecisions(
  capacity: number,
  clock: Pick<Clock, 'now'>,
  maxCallers = MAX_CALLERS,
): DecisionMemory {
  const ring: Entry[] = [];
  const pool = createBoundedPool(maxCallers);
  const startedAt = clock.now();
  let next = 0;

  /** The latest first. */
  function* entries(): Generator<Entry> {
    for (let back = 1; back <= ring.length; back += 1) {
      const entry = ring[(next - back + ring.length) % ring.length];
      if (entry !== undefined) yield entry;
    }
  }

  const first = (isMeant: (entry: Entry) => boolean): RecentDecision | undefined => {
    const entry = entries().find(isMeant);
    return entry === undefined ? undefined : parse(entry.text);
  };

  return {
    capacity,
    count: () => ring.length,
    since: () => (ring.length < capacity ? startedAt : parse(ring[next % capacity]?.text ?? '').at),
    record: (event) => {
      const decision = decisionOf(event, clock.now());
      if (decision === undefined) return;
      release(pool, ring[next % capacity]);
      ring[next % capacity] = { text: JSON.stringify(decision), ...factsOf(decision), ...callerIn(event, pool) };
      next = (next + 1) % capacity;
    },
    find: (filter, most) => {
      const found: RecentDecision[] = [];
      let more = 0;
      for (const entry of entries()) {
        if (!matches(entry, filter)) continue;
        if (found.length < most) found.push(parse(entry.text));
        else more += 1;
      }
      return { found, more };
    },
    byRequest: (requestId) => first((entry) => entry.requestId === requestId),
    byToken: (tokenId) => first((entry) => entry.tokenId === tokenId && entry.endpoint === undefined),
    repeatable: () =>
      entries()
        .filter(({ isIssued }) => isIssued)
        .map(({ text, caller }) => ({ text, caller }))
        .toArray(),
  };
}

interface Entry extends Pick<RecentDecision, 'requestId' | 'endpoint' | 'username' | 'tokenId'> {
  readonly text: string;
  readonly isRefused: boolean;
  readonly isIssued: boolean;
  /** Undefined: nobody was authenticated, or there was no room. */
  readonly caller: RecordedCaller | undefined;
}

/** Identities are held by reference: a cached login has the same one each time. */
function callerIn(event: AuditEvent, pool: BoundedPool): Pick<Entry, 'isIssued' | 'caller'> {
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

/**
 * What entries are found by. Everybody with a session can search: to parse the texts of all of them, which a user can make
 * large, takes the event loop a second.
 */
function factsOf({ requestId, endpoint, username, tokenId, scopes, refusal }: RecentDecision) {
  const isRefused = refusal !== undefined || scopes.some(isDenied);
  const own = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(username === undefined ? {} : { username }),
    ...(tokenId === undefined ? {} : { tokenId }),
  };
  return { requestId, isRefused, ...own };
}

function parse(text: string): RecentDecision {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `record` writes the texts
  return JSON.parse(text) as RecentDecision;
}

function decisionOf(event: AuditEvent, at: number): RecentDecision | undefined {
  switch (event.type) {
    case 'token.issued': {
      const { caller, time, grants, tokenId, policyRevision } = event;
      return { ...sharedOf(event, time), ...userOf(caller), ...scopesOf(grants), tokenId, policyRevision };
    }
    case 'token.refused':
      return { ...sharedOf(event, at), ...typedUser(event), ...NO_SCOPES, refusal: refusalOf(event.code, event.cause) };
    case 'access.decided':
      return deniedAccess(event, at);
    case 'access.checked':
      return refusedAccess(event, at);
    case 'policy.compared':
    case 'token.withheld':
    case 'refresh-token':
    case 'session':
    case 'helper-login':
    case 'api':
    case 'login-test':
    case 'personal-token':
    case 'login':
      return undefined;
  }
}

type Shared = Pick<RecentDecision, 'requestId' | 'at' | 'client' | 'service'>;

function sharedOf({ request, service }: Pick<Checked, 'request' | 'service'>, at: number): Shared {
  return { requestId: request.requestId, at, client: request.client, service: typed(service) };
}

function typedUser({ username = '' }: { readonly username?: string }): Pick<RecentDecision, 'username'> {
  return username === '' ? {} : { username: typed(username) };
}

function refusalOf(code: ErrorCode | AccessRefusal, cause: string): NonNullable<RecentDecision['refusal']> {
  return { code, cause: cause.slice(0, MAX_CAUSE) };
}

const NO_SCOPES = { scopes: [], unlisted: 0 } as const;

function scopesOf(grants: readonly Grant[]): Pick<RecentDecision, 'scopes' | 'unlisted'> {
  const scopes = grants.slice(0, MAX_SCOPES).map(scopeOf);
  return { scopes, unlisted: grants.length - scopes.length };
}

type Decided = Extract<AuditEvent, { type: 'access.decided' }>;
type Checked = Extract<AuditEvent, { type: 'access.checked' }>;

/**
 * Of forward-auth, only what was denied: a push is a hundred requests, which would leave no place for others. Anonymous
 * callers are asked to log in.
 */
function deniedAccess(event: Decided, at: number): RecentDecision | undefined {
  const { caller, grants } = event;
  if (caller.kind === 'anonymous' || !grants.some(isDenied)) return undefined;
  return { ...sharedOf(event, at), endpoint: 'forward-auth', ...userOf(caller), ...scopesOf(grants) };
}

/**
 * Allowed requests, the first request of each client, which has no credential, what `deniedAccess` has recorded, and
 * mistakes of a proxy, which are in all of its requests.
 */
const UNRECORDED: ReadonlySet<Checked['outcome']> = new Set([
  'allowed',
  'token_required',
  'login_required',
  'access_denied',
  'untrusted_proxy',
  'unclear_request',
]);

function refusedAccess(event: Checked, at: number): RecentDecision | undefined {
  const { outcome, needs, missing = [], tokenId, cause = '' } = event;
  if (outcome === 'allowed' || UNRECORDED.has(outcome)) return undefined;
  return {
    ...sharedOf(event, at),
    endpoint: 'forward-auth',
    ...typedUser(event),
    ...(tokenId === undefined ? NO_SCOPES : scopesOf(needs.map((asked) => grantWithout(missing, asked)))),
    ...(tokenId === undefined ? {} : { tokenId }),
    refusal: refusalOf(outcome, cause),
  };
}

/** What a registry token grants of a scope, without the reasons: they are those of its request. */
function grantWithout(missing: readonly Scope[], asked: Scope): Grant {
  const lacking = missing.filter(({ type, name }) => type === asked.type && name === asked.name);
  const granted = asked.actions
    .filter(isAction)
    .filter((action) => !lacking.some(({ actions }) => actions.includes(action)));
  return { asked, granted, because: [] };
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

function matches({ text, username, isRefused }: Entry, filter: DecisionFilter): boolean {
  const { person, repository, isRefusedOnly } = filter;
  if (!containsText(username ?? 'anonymous', person) || (isRefusedOnly && !isRefused)) return false;
  return repository === '' || parse(text).scopes.some(({ asked }) => containsText(asked.name, repository));
}

function isDenied({ asked, granted }: Pick<RecentDecision['scopes'][number], 'asked' | 'granted'>): boolean {
  return !granted.includes('*') && asked.actions.some((action) => !granted.includes(action));
}
