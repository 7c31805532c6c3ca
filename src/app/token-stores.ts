/** What the records have of accounts: tokens and sessions. For the broker, and for commands where no broker runs. */
import type { PersonalToken } from '../core/personal-token.ts';
import type { Clock, EventSink, ListableStore } from '../core/ports.ts';
import type { RefreshToken } from '../core/refresh-token.ts';
import type { Robots } from '../core/robot.ts';
import { MAX_SESSIONS, parseSession, sessionOwner } from '../core/session.ts';
import type { Session } from '../core/session.ts';
import type { SignedInAccounts } from '../core/signed-in-account.ts';
import { createEndAccount } from '../flows/end-account.ts';
import type { EndAccount } from '../flows/end-account.ts';
import { personalTokenKind } from '../flows/personal-token/revoke.ts';
import { refreshTokenKind } from '../flows/refresh-token/revoke.ts';
import { sessionKind } from '../flows/session/end.ts';
import type { PostgresDeps } from '../platform/postgres/open.ts';
import type { Records } from '../platform/store/records.ts';
import { personalTokenStore } from './open-personal-tokens.ts';
import { openAccounts, openRecords } from './open-records.ts';
import type { RecordsConfig } from './open-records.ts';
import { refreshTokenStore } from './open-refresh-tokens.ts';

export interface TokenStores {
  readonly refreshTokens: ListableStore<RefreshToken>;
  readonly personalTokens: ListableStore<PersonalToken>;
  readonly sessions: ListableStore<Session>;
  /** Of those who have signed in with a browser. */
  readonly accounts: SignedInAccounts;
}

export function tokenStoresIn(records: Pick<Records, 'store'>, clock: Clock): TokenStores {
  return {
    refreshTokens: refreshTokenStore(records, clock),
    personalTokens: personalTokenStore(records, clock),
    sessions: sessionStore(records, clock),
    accounts: openAccounts(records, clock),
  };
}

export function sessionStore(records: Pick<Records, 'store'>, clock: Clock): ListableStore<Session> {
  const groupOf = (session: Session) => ({ name: sessionOwner(session), most: MAX_SESSIONS });
  return records.store({ name: 'sessions', clock, decode: parseSession, groupOf });
}

export async function openTokenStores(
  config: RecordsConfig,
  deps: PostgresDeps,
): Promise<TokenStores & AsyncDisposable> {
  const records = await openRecords(config, deps);
  return {
    ...tokenStoresIn(records, deps.clock),
    [Symbol.asyncDispose]: () => records[Symbol.asyncDispose](),
  };
}

/** Ends all tokens and sessions of an account. */
export function endAccountIn(
  { refreshTokens, personalTokens, sessions }: TokenStores,
  { robots, audit }: { readonly robots: Robots; readonly audit: EventSink },
): EndAccount {
  return createEndAccount([
    refreshTokenKind({ store: refreshTokens, audit }),
    personalTokenKind({ store: personalTokens, audit, endsWithUser: (name) => endsWithUser(robots, name) }),
    sessionKind({ store: sessions, audit }),
  ]);
}

/** A token of a robot that belongs to groups survives when a member leaves. One that is not configured belongs to nobody. */
function endsWithUser(robots: Robots, name: string): boolean {
  return robots.get(name)?.ownedBy !== 'groups';
}
