/** Ends sessions: at sign-out, from the list of sign-ins, and when the provider of a sign-in says so. */
import { isChosenAccount } from '../../core/account.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Secret } from '../../core/identity.ts';
import type { EventSink } from '../../core/ports.ts';
import { isSessionCookie, sessionId } from '../../core/session.ts';
import type { Session } from '../../core/session.ts';
import type { Entry } from '../../core/store.ts';
import type { EndableCredentials } from '../end-account.ts';
import type { SessionDeps } from './deps.ts';
import type { SignedIn } from './find.ts';
import { ownSessions } from './list.ts';

type EndDeps = Pick<SessionDeps, 'store' | 'secrets' | 'audit' | 'clock'>;

/** All of them throw BrokerError `records_unavailable`: nothing is reported as ended that may not be. */
export interface EndSessions {
  /** Ends the session of a cookie; does nothing when there is none. */
  signOut(cookie: Secret, request: RequestContext): Promise<void>;
  /**
   * Ends one session of the same person.
   *
   * @returns whether the person has such a session
   */
  one(signedIn: SignedIn, id: string, request: RequestContext): Promise<boolean>;
  /** Ends all sessions of the same person but that of the request. */
  others(signedIn: SignedIn, request: RequestContext): Promise<number>;
  /**
   * Ends the sessions that were opened by a sign-in at a provider.
   *
   * @param which `sid` of the session there, or else `sub` of the person
   */
  ofProvider(which: ProviderSession, request: RequestContext): Promise<number>;
}

interface ProviderSession {
  /** The backend of the sign-in. */
  readonly backend: string;
  readonly sid?: string;
  readonly sub?: string;
}

/** The identity that was looked up for a session is removed with it: `get` of the record comes first at each use. */
async function endEntries(
  { store, audit }: Pick<EndDeps, 'store'> & { readonly audit: EventSink },
  entries: readonly Entry<Session>[],
  { request, cause }: { readonly request: RequestContext; readonly cause: string },
): Promise<number> {
  const ended = await store.removeAll(entries.map(({ key }) => key));
  for (const { key, value } of entries) {
    const { username, backend } = value;
    audit.record({ type: 'session', request, outcome: 'ended', id: sessionId(key), username, backend, cause });
  }
  return ended;
}

/** Ends the session of a cookie; does nothing when there is none. */
export async function endSessionOf(
  deps: Pick<EndDeps, 'store' | 'secrets' | 'audit'>,
  cookie: Secret,
  about: { readonly request: RequestContext; readonly cause: string },
): Promise<void> {
  if (!cookie.matches(isSessionCookie)) return;
  const key = deps.secrets.digest(cookie);
  const value = await deps.store.get(key);
  if (value !== undefined) await endEntries(deps, [{ key, value }], about);
}

/** Sessions, for `createEndAccount`. */
export function endableSessions(deps: Pick<EndDeps, 'store'> & { readonly audit: EventSink }): EndableCredentials {
  return {
    what: 'sessions',
    endOf: async (account, { request, by, cause }) => {
      const chosen = (await deps.store.list()).filter(({ value }) => isChosenAccount(account, value));
      return endEntries(deps, chosen, { request, cause: cause ?? `ended by ${by}` });
    },
  };
}

export function createEndSessions(deps: EndDeps): EndSessions {
  const end = (entries: readonly Entry<Session>[], request: RequestContext, cause: string): Promise<number> =>
    endEntries(deps, entries, { request, cause });

  return {
    signOut: (cookie, request) => endSessionOf(deps, cookie, { request, cause: 'signed out' }),
    one: async ({ session }, id, request) => {
      const chosen = (await ownSessions(deps, session)).filter(({ key }) => sessionId(key) === id);
      return (await end(chosen, request, 'ended from the list of sign-ins')) > 0;
    },
    others: async ({ id, session }, request) => {
      const others = (await ownSessions(deps, session)).filter(({ key }) => sessionId(key) !== id);
      return end(others, request, 'ended from the list of sign-ins');
    },
    ofProvider: async ({ backend, sid, sub }, request) => {
      const entries = (await deps.store.list()).filter(({ value: { signedInAt } }) => {
        if (signedInAt.backend !== backend) return false;
        // A provider that names sessions in its logouts may not name them in its ID tokens.
        if (sid !== undefined && signedInAt.sid !== undefined) return signedInAt.sid === sid;
        return sub !== undefined && signedInAt.sub === sub;
      });
      return end(entries, request, 'signed out at the provider');
    },
  };
}
