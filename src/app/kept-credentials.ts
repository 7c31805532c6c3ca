/** Every kind of credential that Fairlead issues to an account, for whatever ends all of them. */
import type { EventSink } from '../core/ports.ts';
import type { Robots } from '../core/robot.ts';
import type { KeptCredentials } from '../flows/end-account.ts';
import { keptApprovals } from '../flows/kept-approvals.ts';
import { keptPersonalTokens } from '../flows/personal-token/revoke.ts';
import { keptRefreshTokens } from '../flows/refresh-token/revoke.ts';
import { keptSessions } from '../flows/session/end.ts';
import type { TokenStores } from './token-stores.ts';

/** @param robots whose personal tokens end with the user who made them */
export function keptCredentials(stores: TokenStores, robots: Robots, audit: EventSink): readonly KeptCredentials[] {
  return [
    keptApprovals({ ...stores, audit }),
    keptRefreshTokens({ store: stores.refreshTokens, audit }),
    keptPersonalTokens({ store: stores.personalTokens, audit, endsWithUser: (robot) => endsWithUser(robots, robot) }),
    keptSessions({ store: stores.sessions, audit }),
  ];
}

/** A token of a robot that belongs to groups survives when a member leaves. One that is not configured belongs to nobody. */
function endsWithUser(robots: Robots, robot: string): boolean {
  return robots.get(robot)?.ownedBy !== 'groups';
}
