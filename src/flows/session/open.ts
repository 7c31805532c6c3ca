/** Opens a session for a person who has just signed in. */
import { expiryOf } from '../../core/record-fields.ts';
import { BrokerError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import { backendNamed } from '../chain.ts';
import { encodeIdentity } from '../../core/identity-record.ts';
import type { Caller, Identity, Secret } from '../../core/identity.ts';
import { sessionId } from '../../core/session.ts';
import type { Session, SignedInAt } from '../../core/session.ts';
import type { SessionDeps } from './deps.ts';
import { endSessionOf } from './end.ts';

/** A successful sign-in. */
interface SignIn {
  readonly context: RequestContext;
  readonly caller: Caller;
  /** The user name as typed, or as the provider gave it. */
  readonly login: string;
  readonly signedInAt: SignedInAt;
  /** The header `User-Agent`. */
  readonly userAgent: string;
  /** The cookie that the browser had before. Its session ends: an id from before the sign-in is never used after it. */
  readonly previous: Secret | undefined;
}

/** @returns the value of the cookie. Throws BrokerError `records_unavailable`, or for what may not open a session. */
export type OpenSession = (signIn: SignIn) => Promise<Secret>;

/** Characters of the name of a browser that are stored. */
const MAX_PROGRAM = 256;

export function createOpenSession(deps: SessionDeps): OpenSession {
  return async ({ context, caller, login, signedInAt, userAgent, previous }) => {
    const { identity } = requirePerson(caller);
    const { username, backend, subject = '' } = identity;
    const cookie = deps.secrets.make();
    const digest = deps.secrets.digest(cookie);
    const now = deps.clock.now();
    const times = { createdAt: now, usedAt: now };
    const session: Session = {
      backend,
      subject,
      login,
      username,
      ...(canLookUpAgain(deps, identity) ? {} : { identity: encodeIdentity(identity) }),
      signedInAt,
      client: context.client,
      program: printable(userAgent),
      ...times,
      expiresAt: expiryOf(times, deps.limits),
    };
    const event = { type: 'session', request: context, outcome: 'opened', id: sessionId(digest) } as const;
    await deps.audit.commit([{ ...event, username, backend }]);
    if (previous !== undefined) {
      await endSessionOf(deps, previous, { request: context, cause: 'replaced by a new sign-in' });
    }
    await deps.store.put(digest, session, session.expiresAt - now);
    return cookie;
  };
}

/** INVARIANT: no token that Fairlead issued, no job and no cached login during an outage opens a session. */
function requirePerson(caller: Caller): Extract<Caller, { kind: 'user' }> {
  if (caller.kind === 'anonymous') throw new BrokerError('invalid_credentials', 'an anonymous caller has no session');
  if (caller.via !== undefined) {
    throw new BrokerError('invalid_credentials', `a ${caller.via.kind} opens no session`);
  }
  if (caller.identity.notAfter !== undefined) {
    throw new BrokerError('invalid_credentials', 'the login was made with a token that expires, as jobs have them');
  }
  if (caller.stale === true) {
    throw new BrokerError('backend_unavailable', 'the backend is down, and the login came from the cache');
  }
  return caller;
}

function canLookUpAgain({ backends }: SessionDeps, { backend, subject }: Identity): boolean {
  return subject !== undefined && backendNamed(backends, backend)?.authenticator.revalidate !== undefined;
}

function printable(userAgent: string): string {
  return userAgent.slice(0, MAX_PROGRAM).replaceAll(/[^\x20-\x7e]/g, '?');
}
