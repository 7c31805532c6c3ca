/** Refresh tokens and their records. Nothing is opened when no service offers refresh tokens. */
import { BrokerError } from '../core/errors.ts';
import type { Group, ListableStore, Log } from '../core/ports.ts';
import { parseRefreshToken } from '../core/refresh-token.ts';
import type { RefreshToken } from '../core/refresh-token.ts';
import type { Service } from '../flows/grant-token.ts';
import type { RefreshTokenDeps } from '../flows/refresh-token/deps.ts';
import { createExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import type { ExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import { createDraftRefreshToken } from '../flows/refresh-token/issue.ts';
import type { DraftRefreshToken } from '../flows/refresh-token/issue.ts';
import { refreshTokenSecrets } from '../platform/refresh-token-secrets.ts';
import type { PostgresDeps } from '../platform/postgres/open.ts';
import type { Records } from '../platform/store/records.ts';
import { openRecords } from './open-records.ts';
import type { RecordsConfig } from './open-records.ts';

interface RefreshTokens extends AsyncDisposable {
  readonly draftRefreshToken: DraftRefreshToken;
  readonly exchangeRefreshToken: ExchangeRefreshToken;
  /** See `Records`. Absent where the records are in a file of this broker, or there are none. */
  readonly probe?: NonNullable<Records['probe']>;
}

interface OpenRefreshTokensDeps
  extends Pick<RefreshTokenDeps, 'backends' | 'clock' | 'timer' | 'audit'>, Omit<PostgresDeps, 'clock'> {
  readonly config: RecordsConfig;
  readonly services: ReadonlyMap<string, Service>;
}

/** @throws Error that names the file, when the file cannot be used */
export async function openRefreshTokens({
  config,
  services,
  log,
  onOperation,
  ...deps
}: OpenRefreshTokensDeps): Promise<RefreshTokens> {
  if ([...services.values()].every(({ refreshTokens }) => refreshTokens === undefined)) return NONE;
  const groupOf = ({ service, backend, subject }: RefreshToken): Group => ({
    name: JSON.stringify([service, backend, subject]),
    most: services.get(service)?.refreshTokens?.maxPerUser ?? 0,
  });
  const records = { clock: deps.clock, log, ...(onOperation === undefined ? {} : { onOperation }) };
  const opened = await openRefreshTokenStore(config, records, groupOf);
  // Not awaited: a broker starts while the database is down.
  void warnIfDown(opened, log);
  const flowDeps = { ...deps, store: opened.store, secrets: refreshTokenSecrets };
  return {
    draftRefreshToken: createDraftRefreshToken(flowDeps),
    exchangeRefreshToken: createExchangeRefreshToken(flowDeps),
    ...(opened.probe === undefined ? {} : { probe: opened.probe }),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

async function warnIfDown({ probe }: Pick<Records, 'probe'>, log: Log): Promise<void> {
  const found = await probe?.();
  if (found?.state === 'down') log.warn('records store unavailable', { cause: found.detail });
}

const NONE: RefreshTokens = {
  draftRefreshToken: () => undefined,
  exchangeRefreshToken: async () => {
    throw new BrokerError('unsupported_grant', 'no service offers refresh tokens');
  },
  [Symbol.asyncDispose]: async () => undefined,
};

interface RefreshTokenStore extends Pick<Records, 'probe'>, AsyncDisposable {
  readonly store: ListableStore<RefreshToken>;
}

/**
 * Opens the refresh tokens of a broker, whether it runs or not.
 *
 * @param groupOf the group whose size is limited; needed to add tokens
 */
export async function openRefreshTokenStore(
  config: RecordsConfig,
  deps: PostgresDeps,
  groupOf?: (token: RefreshToken) => Group,
): Promise<RefreshTokenStore> {
  const records = await openRecords(config, deps);
  const options = { name: 'refresh-tokens', clock: deps.clock, decode: parseRefreshToken };
  return {
    ...(records.probe === undefined ? {} : { probe: records.probe }),
    store: records.store(groupOf === undefined ? options : { ...options, groupOf }),
    [Symbol.asyncDispose]: () => records[Symbol.asyncDispose](),
  };
}
