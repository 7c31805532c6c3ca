/**
 * From the cookie of a session to the person. The backend checks the account again, at most once a minute for each
 * session: a disabled or deleted account ends the session, and the groups are the current ones.
 */
import { describeError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import { parseIdentity } from '../../core/identity-record.ts';
import type { Caller, Identity, Secret } from '../../core/identity.ts';
import { isSessionCookie, sessionExpiry, sessionId, viaSession } from '../../core/session.ts';
import type { Session } from '../../core/session.ts';
import { backendNamed } from '../chain.ts';
import { revalidate } from '../revalidate.ts';
import type { SessionDeps } from './deps.ts';

/** A person with a session. */
export interface SignedIn {
  /** The public id of the session. */
  readonly id: string;
  readonly session: Session;
  readonly caller: Extract<Caller, { kind: 'user' }>;
  /** Computed from the current names and groups. */
  readonly isAdmin: boolean;
}

/**
 * @returns undefined when the cookie belongs to no session, or the session has ended
 * @throws BrokerError `records_unavailable` or `backend_unavailable` when that cannot be found out; the session stays
 */
export type FindSession = (cookie: Secret, request: RequestContext) => Promise<SignedIn | undefined>;

/** Seconds for which an identity is used again, and within which two uses are recorded as one. */
const RECENT_SECONDS = 60;

export function createFindSession(deps: SessionDeps): FindSession {
  return async (cookie, request) => {
    if (!cookie.matches(isSessionCookie)) return undefined;
    const digest = deps.secrets.digest(cookie);
    const session = await deps.store.get(digest);
    // The current limits apply, also to sessions that were opened under other limits.
    if (session === undefined || sessionExpiry(session, deps.limits) <= deps.clock.now()) return undefined;
    const id = sessionId(digest);
    const found = await identityNow(deps, digest, session);
    if ('refusal' in found) {
      await deps.store.remove(digest);
      const { username, backend } = session;
      deps.audit.record({ type: 'session', request, outcome: 'ended', id, username, backend, cause: found.refusal });
      return undefined;
    }
    const { identity } = found;
    const used = await recordUse(deps, { digest, session, identity, request });
    if (used === undefined) return undefined;
    return {
      id,
      session: used,
      caller: { kind: 'user', identity, via: viaSession(id) },
      isAdmin: deps.isAdmin(identity),
    };
  };
}

type IdentityNow = { readonly identity: Identity } | { readonly refusal: string };

async function identityNow(deps: SessionDeps, digest: string, session: Session): Promise<IdentityNow> {
  const recent = await deps.recent.get(digest);
  if (recent !== undefined) return { identity: recent };
  const found = await lookedUp(deps, session);
  if ('identity' in found) await deps.recent.put(digest, found.identity, RECENT_SECONDS);
  return found;
}

async function lookedUp(deps: SessionDeps, session: Session): Promise<IdentityNow> {
  const backend = backendNamed(deps.backends, session.backend);
  if (backend === undefined) return { refusal: 'the backend is not configured any more' };
  if (backend.authenticator.revalidate !== undefined && session.subject !== '') {
    const { identity, refusal } = await revalidate(deps, session);
    return identity === undefined ? { refusal } : { identity };
  }
  const identity = parseIdentity(session.identity);
  return identity === undefined ? { refusal: 'the backend could look up the account at the sign-in' } : { identity };
}

interface Use {
  readonly digest: string;
  readonly session: Session;
  readonly identity: Identity;
  readonly request: RequestContext;
}

/** @returns the record after the use; undefined when the session has ended since it was read */
async function recordUse(deps: SessionDeps, { digest, session, identity, request }: Use): Promise<Session | undefined> {
  const now = deps.clock.now();
  const { username } = identity;
  if (now - session.usedAt < RECENT_SECONDS) return session;
  const used = { ...session, username, usedAt: now };
  const expiresAt = sessionExpiry(used, deps.limits);
  const next = { ...used, expiresAt };
  try {
    const answer = await deps.store.replaceIf(digest, session, next, expiresAt - now);
    return answer === 'missing' ? undefined : next;
  } catch (error) {
    // A full disk ends no session. It may still have been ended in the meantime.
    if ((await deps.store.get(digest)) === undefined) return undefined;
    const cause = `its use is not recorded: ${describeError(error)}`;
    const event = { type: 'session', request, outcome: 'unrecorded', id: sessionId(digest) } as const;
    deps.audit.record({ ...event, username, backend: session.backend, cause });
    return session;
  }
}
