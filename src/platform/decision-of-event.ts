/** What the list of recent decisions has of an event: of a token that was issued or refused, or of a denial to a proxy. */
import type { AccessRefusal } from '../core/access-refusal.ts';
import { isAction } from '../core/access.ts';
import type { Grant } from '../core/access.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { AuditEvent } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import type { RecentDecision } from '../core/recent-decision.ts';
import type { Scope } from '../core/scope.ts';
import { typed } from './audit/typed-text.ts';
import { MAX_LISTED_REASONS, MAX_LISTED_SCOPES } from './list-bounds.ts';

const MAX_CAUSE = 256;

/**
 * @param at epoch seconds, for events that have no time of their own
 * @returns undefined: the event is not in the list
 */
export function decisionOf(event: AuditEvent, at: number): RecentDecision | undefined {
  switch (event.type) {
    case 'token.issued': {
      const { caller, time, grants, tokenId, policyRevision } = event;
      return { ...sharedOf(event, time), ...userOf(caller), ...scopesOf(grants), tokenId, policyRevision };
    }
    case 'token.refused':
      return {
        ...sharedOf(event, at),
        ...refusedUser(event, event.isAnonymous === true, event.code),
        ...NO_SCOPES,
        refusal: refusalOf(event.code, event),
      };
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

type Asking = Pick<RecentDecision, 'username' | 'nobody' | 'backend' | 'via'>;

/** A name is as typed, or that of the account for which a refresh token was issued. */
function refusedUser(
  { username = '', owner, backend }: Pick<Checked, 'username' | 'owner' | 'backend'>,
  isAnonymous: boolean,
  code: Checked['outcome'],
): Asking {
  if (owner !== undefined)
    return { username: owner, ...(backend === undefined ? {} : { backend }), via: REFRESH_TOKEN };
  if (username !== '') return { username: typed(username) };
  return {
    nobody: isAnonymous ? 'anonymous' : 'unknown',
    ...(code === 'refresh_token_refused' ? { via: REFRESH_TOKEN } : {}),
  };
}

const REFRESH_TOKEN = { kind: 'refresh-token' } as const;

function refusalOf(
  code: ErrorCode | AccessRefusal,
  { cause = '', backend }: Pick<Checked, 'cause' | 'backend'>,
): NonNullable<RecentDecision['refusal']> {
  return { code, cause: cause.slice(0, MAX_CAUSE), ...(backend === undefined ? {} : { backend }) };
}

const NO_SCOPES = { scopes: [], unlisted: 0 } as const;

function scopesOf(grants: readonly Grant[]): Pick<RecentDecision, 'scopes' | 'unlisted'> {
  const scopes = grants.slice(0, MAX_LISTED_SCOPES).map(scopeOf);
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
  const { outcome, needs, missing = [], tokenId } = event;
  if (outcome === 'allowed' || UNRECORDED.has(outcome)) return undefined;
  return {
    ...sharedOf(event, at),
    endpoint: 'forward-auth',
    // A registry token without a user name was issued to an anonymous caller.
    ...refusedUser(event, tokenId !== undefined, outcome),
    ...(tokenId === undefined ? NO_SCOPES : scopesOf(needs.map((asked) => grantWithout(missing, asked)))),
    ...(tokenId === undefined ? {} : { tokenId }),
    refusal: refusalOf(outcome, event),
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

function userOf(caller: Caller): Asking {
  if (caller.kind === 'anonymous') return { nobody: 'anonymous' };
  const { username, backend } = caller.identity;
  const { kind, name } = caller.via ?? {};
  if (kind === undefined) return { username, backend };
  return { username, backend, via: { kind, ...(name === undefined ? {} : { name }) } };
}

function scopeOf({ asked, granted, limited = [], because }: Grant): RecentDecision['scopes'][number] {
  return { asked, granted, limited, because: because.slice(0, MAX_LISTED_REASONS) };
}

/** Whether less was granted than was asked for. */
export function isDenied({ asked, granted }: Pick<RecentDecision['scopes'][number], 'asked' | 'granted'>): boolean {
  return !granted.includes('*') && asked.actions.some((action) => !granted.includes(action));
}
