/** Ends a refresh token at the request of whoever has it (RFC 7009). */
import type { RequestContext } from '../../core/events.ts';
import type { Secret } from '../../core/identity.ts';
import { isRefreshToken, refreshTokenId } from '../../core/refresh-token.ts';
import type { RefreshTokenDeps } from './deps.ts';

/**
 * Does nothing for what is no valid token: RFC 7009, section 2.2.
 *
 * @throws BrokerError `records_unavailable`
 */
export type RevokeRefreshToken = (token: Secret, request: RequestContext) => Promise<void>;

/** @param onRevoked registry tokens that were signed before are not given out again */
export function createRevokeRefreshToken(
  { store, secrets, audit }: Pick<RefreshTokenDeps, 'store' | 'secrets' | 'audit'>,
  onRevoked: () => Promise<void>,
): RevokeRefreshToken {
  return async (token, request) => {
    if (!token.matches(isRefreshToken)) return;
    const digest = secrets.digest(token);
    const record = await store.get(digest);
    if (record === undefined || (await store.removeAll([digest])) === 0) return;
    const { service, username, backend } = record;
    const event = { type: 'refresh-token', request, outcome: 'revoked', service, username, backend } as const;
    audit.record({ ...event, id: refreshTokenId(digest) });
    await onRevoked();
  };
}
