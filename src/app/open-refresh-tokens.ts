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
import { createRevokeRefreshToken } from '../flows/refresh-token/revoke-by-token.ts';
import type { RevokeRefreshToken } from '../flows/refresh-token/revoke-by-token.ts';
import { refreshTokenSecrets } from '../platform/refresh-token-secrets.ts';
import type { Records } from '../platform/store/records.ts';

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
  readonly onRevoked: () => Promise<void>;
}

export function openRefreshTokens({ records, services, onRevoked, ...deps }: OpenRefreshTokensDeps): RefreshTokens {
  if (records === undefined) return NONE;
  const groupOf = ({ service, backend, subject }: RefreshToken): Group => ({
    name: JSON.stringify([service, backend, subject]),
    most: services.get(service)?.refreshTokens?.maxPerUser ?? 0,
  });
  const store = refreshTokenStore(records, deps.clock, groupOf);
  const flowDeps = { ...deps, store, secrets: refreshTokenSecrets };
  return {
    draftRefreshToken: createDraftRefreshToken(flowDeps),
    exchangeRefreshToken: createExchangeRefreshToken(flowDeps),
    revokeRefreshToken: createRevokeRefreshToken(flowDeps, onRevoked),
  };
}

/** @param groupOf the group of a token, which bounds how many there are; absent: none is added */
export function refreshTokenStore(
  records: Pick<Records, 'store'>,
  clock: Clock,
  groupOf?: (token: RefreshToken) => Group,
): ListableStore<RefreshToken> {
  const bounds = groupOf === undefined ? {} : { groupOf };
  return records.store({ name: 'refresh-tokens', clock, decode: parseRefreshToken, ...bounds });
}

const NONE: RefreshTokens = {
  draftRefreshToken: () => undefined,
  exchangeRefreshToken: async () => {
    throw new BrokerError('unsupported_grant', 'no service offers refresh tokens');
  },
  revokeRefreshToken: async () => undefined,
};
