/** Everything that Fairlead issues for an account, in the order in which it ends: see `createEndAccount`. */
import type { EventSink } from '../../core/ports.ts';
import type { Robots } from '../../core/robot.ts';
import { endableApprovals } from '../../flows/approval.ts';
import type { EndableCredentials } from '../../flows/end-account.ts';
import { endablePersonalTokens } from '../../flows/personal-token/revoke.ts';
import { endableRefreshTokens } from '../../flows/refresh-token/revoke.ts';
import { endableSessions } from '../../flows/session/end.ts';
import { endableProviderTokens } from '../../flows/sign-in/provider-tokens.ts';
import { endsWithUserOf } from './shown-tokens.ts';
import type { TokenStores } from '../token-stores.ts';

interface EndableDeps {
  readonly audit: EventSink;
  readonly robots: Robots;
}

export function endableCredentials(
  { refreshTokens, personalTokens, sessions, codes, deviceRequests, accounts }: TokenStores,
  { audit, robots }: EndableDeps,
): readonly EndableCredentials[] {
  return [
    endableSessions({ store: sessions, audit }),
    endableApprovals({ codes, requests: deviceRequests, audit }),
    endableRefreshTokens({ store: refreshTokens, audit }),
    endablePersonalTokens({ store: personalTokens, audit, endsWithUser: endsWithUserOf(robots) }),
    endableProviderTokens(accounts),
  ];
}
