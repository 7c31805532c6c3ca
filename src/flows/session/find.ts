/**
 * From the cookie of a session to the person. The backend checks the account again, at most once a minute for each
 * session: a disabled or deleted account ends the session, and the groups are the current ones.
 */
import { expiryOf } from '../../core/record-fields.ts';
import type { RequestContext } from '../../core/events.ts';
import { parseIdentity } from '../../core/identity-record.ts';
import type { Caller, Identity, Secret } from '../../core/identity.ts';
import { isSessionCookie, sessionId, viaSession } from '../../core/session.ts';
import type { Session } from '../../core/session.ts';
import { backendNamed } from '../chain.ts';
import { createRecordUse } from '../record-use.ts';
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

/** Seconds for which an identity is used again. */
const RECENT_SECONDS = 60;

export function createFindSession(deps: SessionDeps): FindSession {
  const recordUse = createRecordUse(deps);
  return async (cookie, request) => {
    if (!cookie.matches(isSessionCookie)) return undefined;
    const digest = deps.secrets.digest(cookie);
    const session = await deps.store.get(digest);
    // The current limits apply, also to sessions that were opened under other limits.
    if (session === undefined || expiryOf(session, deps.limits) <= deps.clock.now()) return undefined;
    const id = sessionId(digest);
    const found = await identityNow(deps, digest, session);
    if ('refusal' in found) {
      await deps.store.remove(digest);
      const { username, backend } = session;
      deps.audit.record({ type: 'session', request, outcome: 'ended', id, username, backend, cause: found.refusal });
      return undefined;
    }
    const { identity } = found;
    const use = await recordUse({ digest, seen: session, used: usedBy(session, identity, deps) });
    if (use.kind === 'revoked') return undefined;
    const { username } = identity;
    if (use.kind === 'unrecorded') {
      const { backend } = session;
      const cause = `its use is not recorded: ${use.cause}`;
      deps.audit.record({ type: 'session', request, outcome: 'unrecorded', id, username, backend, cause });
    }
    return {
      id,
      session: { ...session, username },
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

/** The record after a use. The name of the person may have changed, and the session lives longer. */
function usedBy(session: Session, { username }: Identity, { limits }: Pick<SessionDeps, 'limits'>) {
  return (usedAt: number) => {
    const used = { ...session, username, usedAt };
    const expiresAt = expiryOf(used, limits);
    return { value: { ...used, expiresAt }, expiresAt };
  };
}
