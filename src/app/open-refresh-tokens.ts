/** The flows of refresh tokens, over their records. */
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
import { createRevokeRefreshToken } from '../flows/refresh-token/revoke.ts';
import type { RevokeRefreshToken } from '../flows/refresh-token/revoke.ts';
import { refreshTokenSecrets } from '../platform/refresh-token-secrets.ts';
import type { PostgresDeps } from '../platform/postgres/open.ts';
import type { Records } from '../platform/store/records.ts';
import { openRecords } from './open-records.ts';
import type { RecordsConfig } from './open-records.ts';

interface RefreshTokens {
  readonly draftRefreshToken: DraftRefreshToken;
  readonly exchangeRefreshToken: ExchangeRefreshToken;
  readonly revokeRefreshToken: RevokeRefreshToken;
}

interface OpenRefreshTokensDeps extends Pick<RefreshTokenDeps, 'backends' | 'clock' | 'timer' | 'audit'> {
  /** Undefined: nothing that is configured has records. */
  readonly records: Pick<Records, 'store'> | undefined;
  readonly services: ReadonlyMap<string, Service>;
  /** Called for each token that is revoked. */
  readonly onRevoked: () => void;
}

export function openRefreshTokens({ records, services, onRevoked, ...deps }: OpenRefreshTokensDeps): RefreshTokens {
  if (records === undefined) return NONE;
  const groupOf = ({ service, backend, subject }: RefreshToken): Group => ({
    name: JSON.stringify([service, backend, subject]),
    most: services.get(service)?.refreshTokens?.maxPerUser ?? 0,
  });
  const store = records.store({ ...storeOptions(deps.clock), groupOf });
  const flowDeps = { ...deps, store, secrets: refreshTokenSecrets };
  return {
    draftRefreshToken: createDraftRefreshToken(flowDeps),
    exchangeRefreshToken: createExchangeRefreshToken(flowDeps),
    revokeRefreshToken: createRevokeRefreshToken(flowDeps, onRevoked),
  };
}

const storeOptions = (clock: Clock) => ({ name: 'refresh-tokens', clock, decode: parseRefreshToken });

const NONE: RefreshTokens = {
  draftRefreshToken: () => undefined,
  exchangeRefreshToken: async () => {
    throw new BrokerError('unsupported_grant', 'no service offers refresh tokens');
  },
  revokeRefreshToken: async () => undefined,
};

interface RefreshTokenStore extends AsyncDisposable {
  readonly store: ListableStore<RefreshToken>;
}

/** Opens the refresh tokens of a broker, whether it runs or not, to list and to remove them. */
export async function openRefreshTokenStore(config: RecordsConfig, deps: PostgresDeps): Promise<RefreshTokenStore> {
  const records = await openRecords(config, deps);
  return {
    store: records.store(storeOptions(deps.clock)),
    [Symbol.asyncDispose]: () => records[Symbol.asyncDispose](),
  };
}
