/** Everything that Fairlead issues for an account, in the order in which it ends: see `createEndAccount`. */
import type { EventSink } from '../../core/ports.ts';
import type { Robots } from '../../core/robot.ts';
import { approvalKind } from '../../flows/approval.ts';
import type { CredentialKind } from '../../flows/end-account.ts';
import { personalTokenKind } from '../../flows/personal-token/revoke.ts';
import { refreshTokenKind } from '../../flows/refresh-token/revoke.ts';
import { sessionKind } from '../../flows/session/end.ts';
import type { TokenStores } from '../token-stores.ts';

interface KindDeps {
  readonly audit: EventSink;
  readonly robots: Robots;
}

export function credentialKinds(
  { refreshTokens, personalTokens, sessions, codes, deviceRequests }: TokenStores,
  { audit, robots }: KindDeps,
): readonly CredentialKind[] {
  return [
    sessionKind({ store: sessions, audit }),
    approvalKind({ codes, requests: deviceRequests, audit }),
    refreshTokenKind({ store: refreshTokens, audit }),
    personalTokenKind({ store: personalTokens, audit, endsWithUser: (name) => endsWithUser(robots, name) }),
  ];
}

/** A token of a robot that belongs to groups survives when a member leaves. One that is not configured belongs to nobody. */
function endsWithUser(robots: Robots, name: string): boolean {
  return robots.get(name)?.ownedBy !== 'groups';
}
