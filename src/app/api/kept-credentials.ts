/** Everything that Fairlead issues for an account, in the order in which it ends: see `createEndAccount`. */
import type { EventSink } from '../../core/ports.ts';
import type { Robots } from '../../core/robot.ts';
import { keptApprovals } from '../../flows/approval.ts';
import type { KeptCredentials } from '../../flows/end-account.ts';
import { keptPersonalTokens } from '../../flows/personal-token/revoke.ts';
import { keptRefreshTokens } from '../../flows/refresh-token/revoke.ts';
import { keptSessions } from '../../flows/session/end.ts';
import { endsWithUserOf } from './shown-tokens.ts';
import type { TokenStores } from '../token-stores.ts';

interface KeptDeps {
  readonly audit: EventSink;
  readonly robots: Robots;
}

export function keptCredentials(
  { refreshTokens, personalTokens, sessions, codes, deviceRequests }: TokenStores,
  { audit, robots }: KeptDeps,
): readonly KeptCredentials[] {
  return [
    keptSessions({ store: sessions, audit }),
    keptApprovals({ codes, requests: deviceRequests, audit }),
    keptRefreshTokens({ store: refreshTokens, audit }),
    keptPersonalTokens({ store: personalTokens, audit, endsWithUser: endsWithUserOf(robots) }),
  ];
}
