/**
 * From a refresh token to a caller. Each time, the backend of the login checks the account again: a disabled or deleted
 * account is refused, and the groups are the current ones. While that backend or the store of the tokens is down the
 * answer is 503, and the token stays valid.
 */
import { expiryOf } from '../../core/record-fields.ts';
import { aboutMore, BrokerError, describeError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Caller, Secret } from '../../core/identity.ts';
import { isRefreshToken, refreshTokenId } from '../../core/refresh-token.ts';
import type { RefreshToken, RefreshTokenLimits } from '../../core/refresh-token.ts';
import type { Service } from '../grant-token.ts';
import { createRecordUse } from '../record-use.ts';
import { revalidate } from '../revalidate.ts';
import type { RefreshTokenDeps } from './deps.ts';

/**
 * @throws BrokerError `refresh_token_refused` for every refusal; `backend_unavailable`; `records_unavailable`;
 *   `unsupported_grant` when the service offers no refresh tokens.
 */
export type ExchangeRefreshToken = (token: Secret, service: Service, request: RequestContext) => Promise<Caller>;

/** A reason to refuse, for the log. The client reads the same sentence for all of them. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: 'refresh_token_refused' | 'sign_in_due';

  constructor(message: string, code: Refusal['code'] = 'refresh_token_refused') {
    super(message);
    this.code = code;
  }
}

export function createExchangeRefreshToken(deps: RefreshTokenDeps): ExchangeRefreshToken {
  const recordUse = createRecordUse(deps);
  return async (token, service, request) => {
    const limits = service.refreshTokens;
    if (limits === undefined) throw new BrokerError('unsupported_grant', 'this service offers no refresh tokens');
    const digest = token.matches(isRefreshToken) ? deps.secrets.digest(token) : undefined;
    const id = digest === undefined ? undefined : refreshTokenId(digest);
    const about = id === undefined ? {} : { id };
    const event = { type: 'refresh-token', request, service: service.name, ...about } as const;
    let record: RefreshToken | undefined;
    const owner = (): object => (record === undefined ? {} : { username: record.username, backend: record.backend });
    try {
      if (digest === undefined || id === undefined)
        throw new Refusal('it does not have the form of a refresh token of this server');
      record = await deps.store.get(digest);
      if (record === undefined) throw new Refusal('never issued, expired, revoked, or replaced by newer ones');
      const caller = await callerOf(deps, { id, record }, service.name, limits);
      const use = await recordUse({
        digest,
        seen: record,
        used: usedBy(record, caller.identity.username, limits),
      });
      if (use.kind === 'revoked') throw new Refusal('just revoked');
      const problem = use.kind === 'unrecorded' ? { cause: `its use is not recorded: ${use.cause}` } : {};
      deps.audit.record({ ...event, ...owner(), outcome: 'accepted', ...problem });
      return caller;
    } catch (error) {
      const isRefused = error instanceof Refusal;
      const cause = isRefused ? error.message : describeError(error);
      deps.audit.record({ ...event, ...owner(), outcome: isRefused ? 'refused' : 'failed', cause });
      const ofOwner = record === undefined ? {} : { owner: record.username, backend: record.backend };
      if (isRefused) throw new BrokerError(error.code, cause, { about: ofOwner });
      if (error instanceof BrokerError) throw aboutMore(error, ofOwner);
      // A defect of a backend must not look like the end of the login.
      throw new BrokerError('backend_unavailable', 'the backend cannot check the account', {
        cause: error,
        about: ofOwner,
      });
    }
  };
}

/** The record after a use: the name of the user may have changed, and the token lives longer. */
function usedBy(record: RefreshToken, username: string, limits: RefreshTokenLimits) {
  return (usedAt: number) => {
    const used = { ...record, username, usedAt };
    const expiresAt = expiryOf(used, limits);
    return { value: { ...used, expiresAt }, expiresAt };
  };
}

type User = Extract<Caller, { kind: 'user' }>;

async function callerOf(
  deps: RefreshTokenDeps,
  { id, record }: { readonly id: string; readonly record: RefreshToken },
  service: string,
  limits: RefreshTokenLimits,
): Promise<User> {
  if (record.service !== service) throw new Refusal('it was issued for another service');
  // The current limits apply, also to tokens that were issued under other limits.
  if (expiryOf(record, limits) <= deps.clock.now()) throw new Refusal('expired');
  const { identity, refusal, isAsleep } = await revalidate(deps, record);
  if (identity === undefined) throw new Refusal(refusal, isAsleep === true ? 'sign_in_due' : 'refresh_token_refused');
  return { kind: 'user', identity, via: { kind: 'refresh-token', id } };
}
