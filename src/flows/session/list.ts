/** The sessions of a person. */
import { sessionId, sessionOwner } from '../../core/session.ts';
import type { Session, SessionSummary } from '../../core/session.ts';
import type { Entry } from '../../core/store.ts';
import type { SessionDeps } from './deps.ts';
import type { SignedIn } from './find.ts';

/** @returns the sessions of the same person, the one of the request first, then by last use. Throws `records_unavailable`. */
export type ListSessions = (signedIn: SignedIn) => Promise<readonly SessionSummary[]>;

export function createListSessions(deps: Pick<SessionDeps, 'store' | 'limits' | 'clock'>): ListSessions {
  return async ({ id: currentId, session: current }) => {
    const own = await ownSessions(deps, current);
    return own
      .map(({ key, value }) => {
        const id = sessionId(key);
        return { id, session: value, isCurrent: id === currentId };
      })
      .toSorted((a, b) => Number(b.isCurrent) - Number(a.isCurrent) || b.session.usedAt - a.session.usedAt);
  };
}

/** The stored sessions of the person that one session belongs to. */
export async function ownSessions(
  { store, clock }: Pick<SessionDeps, 'store' | 'clock'>,
  one: Session,
): Promise<readonly Entry<Session>[]> {
  const owner = sessionOwner(one);
  const now = clock.now();
  return (await store.list()).filter(({ value }) => value.expiresAt > now && sessionOwner(value) === owner);
}
