/** The stored tokens of a broker, whether it runs or not, for commands. */
import type { PersonalToken } from '../core/personal-token.ts';
import type { ListableStore } from '../core/ports.ts';
import type { RefreshToken } from '../core/refresh-token.ts';
import { parseSession } from '../core/session.ts';
import type { Session } from '../core/session.ts';
import type { PostgresDeps } from '../platform/postgres/open.ts';
import { personalTokenStore } from './open-personal-tokens.ts';
import { openRecords } from './open-records.ts';
import type { RecordsConfig } from './open-records.ts';
import { refreshTokenStore } from './open-refresh-tokens.ts';

export interface TokenStores {
  readonly refreshTokens: ListableStore<RefreshToken>;
  readonly personalTokens: ListableStore<PersonalToken>;
  readonly sessions: ListableStore<Session>;
}

export async function openTokenStores(
  config: RecordsConfig,
  deps: PostgresDeps,
): Promise<TokenStores & AsyncDisposable> {
  const records = await openRecords(config, deps);
  return {
    refreshTokens: refreshTokenStore(records, deps.clock),
    personalTokens: personalTokenStore(records, deps.clock),
    sessions: records.store({ name: 'sessions', clock: deps.clock, decode: parseSession }),
    [Symbol.asyncDispose]: () => records[Symbol.asyncDispose](),
  };
}
