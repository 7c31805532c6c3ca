/** What the records have of accounts. For the broker, and for commands where no broker runs. */
import type { AuthorizationCode } from '../core/authorization-code.ts';
import type { DeviceRequest } from '../core/device-request.ts';
import type { PersonalToken } from '../core/personal-token.ts';
import type { Clock, ListableStore } from '../core/ports.ts';
import type { RefreshToken } from '../core/refresh-token.ts';
import { MAX_SESSIONS, parseSession, sessionOwner } from '../core/session.ts';
import type { Session } from '../core/session.ts';
import type { SignedInAccounts } from '../core/signed-in-account.ts';
import type { PostgresDeps } from '../platform/postgres/open.ts';
import type { Records } from '../platform/store/records.ts';
import { codeStore, deviceRequestStore } from './helper-stores.ts';
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
  readonly codes: ListableStore<AuthorizationCode>;
  readonly deviceRequests: ListableStore<DeviceRequest>;
}

export function tokenStoresIn(records: Pick<Records, 'store'>, clock: Clock): TokenStores {
  return {
    refreshTokens: refreshTokenStore(records, clock),
    personalTokens: personalTokenStore(records, clock),
    sessions: sessionStore(records, clock),
    accounts: openAccounts(records, clock),
    codes: codeStore(records, clock),
    deviceRequests: deviceRequestStore(records, clock),
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
