/** Refresh tokens, with the file they are kept in; without one where no service offers them. */
import { join } from 'node:path';
import { BrokerError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { parseRefreshToken } from '../core/refresh-token.ts';
import type { RefreshToken } from '../core/refresh-token.ts';
import type { Group, ListableStore } from '../core/store.ts';
import type { Service } from '../flows/grant-token.ts';
import type { RefreshTokenDeps } from '../flows/refresh-token/deps.ts';
import { createExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import type { ExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import { createIssueRefreshToken } from '../flows/refresh-token/issue.ts';
import type { IssueRefreshToken } from '../flows/refresh-token/issue.ts';
import { refreshTokenSecrets } from '../platform/refresh-token-secrets.ts';
import { openSqlite } from '../platform/store/sqlite.ts';

/** What the broker keeps between two runs, its keys apart. */
export const storeFile = (stateDir: string): string => join(stateDir, 'fairlead.db');

export interface RefreshTokens extends AsyncDisposable {
  readonly issueRefreshToken: IssueRefreshToken;
  readonly exchangeRefreshToken: ExchangeRefreshToken;
}

export interface OpenRefreshTokensDeps extends Pick<RefreshTokenDeps, 'backends' | 'clock' | 'timer' | 'audit'> {
  readonly stateDir: string;
  readonly services: ReadonlyMap<string, Service>;
}

/** @throws Error that names the file when it cannot be used */
export async function openRefreshTokens({
  stateDir,
  services,
  ...deps
}: OpenRefreshTokensDeps): Promise<RefreshTokens> {
  if ([...services.values()].every(({ refreshTokens }) => refreshTokens === undefined)) return NONE;
  const groupOf = ({ service, backend, subject }: RefreshToken): Group => ({
    name: JSON.stringify([service, backend, subject]),
    most: services.get(service)?.refreshTokens?.maxPerUser ?? 0,
  });
  const kept = await openRefreshTokenStore(stateDir, deps.clock, groupOf);
  const all = { ...deps, store: kept.store, secrets: refreshTokenSecrets };
  return {
    issueRefreshToken: createIssueRefreshToken(all),
    exchangeRefreshToken: createExchangeRefreshToken(all),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

const NONE: RefreshTokens = {
  issueRefreshToken: async () => undefined,
  exchangeRefreshToken: async () => {
    throw new BrokerError('unsupported_grant', 'no service offers refresh tokens');
  },
  [Symbol.asyncDispose]: async () => undefined,
};

export interface RefreshTokenStore extends AsyncDisposable {
  readonly store: ListableStore<RefreshToken>;
}

/**
 * Opens what a broker with this state folder keeps of its refresh tokens, whether one runs or not.
 *
 * @param groupOf which of them are bounded together; for those who put
 */
export async function openRefreshTokenStore(
  stateDir: string,
  clock: Clock,
  groupOf?: (token: RefreshToken) => Group,
): Promise<RefreshTokenStore> {
  const file = await openSqlite(storeFile(stateDir));
  const options = { name: 'refresh-tokens', clock, decode: parseRefreshToken };
  return {
    store: file.store(groupOf === undefined ? options : { ...options, groupOf }),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}
