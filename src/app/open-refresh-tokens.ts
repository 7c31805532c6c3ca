/** Refresh tokens and the file that stores them. There is no file when no service offers refresh tokens. */
import { join } from 'node:path';
import { BrokerError } from '../core/errors.ts';
import type { Clock, Group, ListableStore } from '../core/ports.ts';
import { parseRefreshToken } from '../core/refresh-token.ts';
import type { RefreshToken } from '../core/refresh-token.ts';
import type { Service } from '../flows/grant-token.ts';
import type { RefreshTokenDeps } from '../flows/refresh-token/deps.ts';
import { createExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import type { ExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import { createDraftRefreshToken } from '../flows/refresh-token/issue.ts';
import type { DraftRefreshToken } from '../flows/refresh-token/issue.ts';
import { refreshTokenSecrets } from '../platform/refresh-token-secrets.ts';
import { openSqlite } from '../platform/store/sqlite.ts';

/** The file with all persistent state but the keys. */
export const storeFile = (stateDir: string): string => join(stateDir, 'fairlead.db');

interface RefreshTokens extends AsyncDisposable {
  readonly draftRefreshToken: DraftRefreshToken;
  readonly exchangeRefreshToken: ExchangeRefreshToken;
}

interface OpenRefreshTokensDeps extends Pick<RefreshTokenDeps, 'backends' | 'clock' | 'timer' | 'audit'> {
  readonly stateDir: string;
  readonly services: ReadonlyMap<string, Service>;
}

/** @throws Error that names the file, when the file cannot be used */
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
  const opened = await openRefreshTokenStore(stateDir, deps.clock, groupOf);
  const flowDeps = { ...deps, store: opened.store, secrets: refreshTokenSecrets };
  return {
    draftRefreshToken: createDraftRefreshToken(flowDeps),
    exchangeRefreshToken: createExchangeRefreshToken(flowDeps),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

const NONE: RefreshTokens = {
  draftRefreshToken: () => undefined,
  exchangeRefreshToken: async () => {
    throw new BrokerError('unsupported_grant', 'no service offers refresh tokens');
  },
  [Symbol.asyncDispose]: async () => undefined,
};

interface RefreshTokenStore extends AsyncDisposable {
  readonly store: ListableStore<RefreshToken>;
}

/**
 * Opens the refresh tokens of the broker with this state folder, whether it runs or not.
 *
 * @param groupOf the group whose size is limited; needed to add tokens
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
