/**
 * From a refresh token to a caller. Each time the account is looked at again by the backend that vouched for it: whoever
 * is disabled or gone is out, and groups are those of now. While that backend is down the answer is 503 and the token
 * stays as it was.
 */
import { deadlineIn } from '../../core/deadline.ts';
import { BrokerError, describeError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Caller, Secret } from '../../core/identity.ts';
import type { AuthnOutcome } from '../../core/ports.ts';
import { expiryOf, isRefreshToken, refreshTokenId } from '../../core/refresh-token.ts';
import type { RefreshToken, RefreshTokenLimits } from '../../core/refresh-token.ts';
import type { Service } from '../grant-token.ts';
import { foreignName, isOffered } from '../chain.ts';
import { LOGIN_BUDGET_MS, NET_MS } from '../identify.ts';
import { backendNamed } from './backend-named.ts';
import type { RefreshTokenDeps } from './deps.ts';

/**
 * @throws BrokerError `refresh_token_refused`, whatever is wrong with it; `backend_unavailable`; `unsupported_grant` when
 *   the service offers none.
 */
export type ExchangeRefreshToken = (token: Secret, service: Service, request: RequestContext) => Promise<Caller>;

/** A use within this time of the one before is not written down. */
const USE_SECONDS = 60;

/** What ends in the same answer to everybody; the log tells them apart. */
class Refusal extends Error {
  override readonly name = 'Refusal';
}

export function createExchangeRefreshToken(deps: RefreshTokenDeps): ExchangeRefreshToken {
  return async (token, service, request) => {
    const limits = service.refreshTokens;
    if (limits === undefined) throw new BrokerError('unsupported_grant', 'this service offers no refresh tokens');
    const digest = isRefreshToken(token.reveal()) ? deps.secrets.digest(token) : undefined;
    const id = digest === undefined ? {} : { id: refreshTokenId(digest) };
    const event = { type: 'refresh-token', request, service: service.name, ...id } as const;
    let kept: RefreshToken | undefined;
    const whose = (): object => (kept === undefined ? {} : { username: kept.username, backend: kept.backend });
    try {
      kept = await find(deps, digest);
      const caller = await callerOf(deps, kept, service.name, limits);
      const unwritten = await noteUse(deps, digest, { ...kept, username: caller.identity.username }, limits);
      deps.audit.record({ ...event, ...whose(), outcome: 'accepted', ...unwritten });
      return caller;
    } catch (error) {
      const isRefused = error instanceof Refusal;
      const cause = isRefused ? error.message : describeError(error);
      deps.audit.record({ ...event, ...whose(), outcome: isRefused ? 'refused' : 'failed', cause });
      if (isRefused) throw new BrokerError('refresh_token_refused', cause);
      if (error instanceof BrokerError) throw error;
      // A defect of a backend must not read as the end of the login.
      throw new BrokerError('backend_unavailable', 'the account could not be looked at again', { cause: error });
    }
  };
}

async function find({ store }: RefreshTokenDeps, digest: string | undefined): Promise<RefreshToken> {
  if (digest === undefined) throw new Refusal('it is no refresh token of this server');
  const kept = await store.get(digest);
  if (kept === undefined) throw new Refusal('never issued, expired, revoked, or pushed out by newer ones');
  return kept;
}

type User = Extract<Caller, { kind: 'user' }>;

async function callerOf(
  { backends, clock, timer }: RefreshTokenDeps,
  kept: RefreshToken,
  service: string,
  limits: RefreshTokenLimits,
): Promise<User> {
  if (kept.service !== service) throw new Refusal('it was issued for another service');
  // The limits of now count, for tokens that were issued under others too.
  if (expiryOf(kept, limits) <= clock.now()) throw new Refusal('expired');
  const backend = backendNamed(backends, kept.backend);
  const { authenticator } = backend ?? {};
  if (
    backend === undefined ||
    authenticator?.revalidate === undefined ||
    !isOffered(backend, kept.login, 'passwords')
  ) {
    throw new Refusal('no backend answers for this account any more');
  }
  const asked = authenticator.revalidate(kept, deadlineIn(clock, LOGIN_BUDGET_MS));
  const outcome = await timer.within(asked, LOGIN_BUDGET_MS + NET_MS);
  if (outcome.kind !== 'authenticated') throw new Refusal(refusalOf(outcome));
  if (outcome.identity.subject !== kept.subject) throw new Refusal('the account is another one');
  const foreign = foreignName(backends, outcome.identity);
  if (foreign !== undefined) throw new Refusal(foreign);
  return { kind: 'user', identity: outcome.identity };
}

function refusalOf(outcome: Exclude<AuthnOutcome, { kind: 'authenticated' }>): string {
  if (outcome.kind === 'unknown-user') return 'the account has gone, or its name is another one’s';
  return outcome.detail === undefined ? outcome.reason : `${outcome.reason}: ${outcome.detail}`;
}

/**
 * What was revoked while the account was looked at is refused, and never brought back. A disk that is full ends nobody's
 * login: the token only counts as unused.
 *
 * @returns why it could not be written down
 */
async function noteUse(
  { store, clock }: RefreshTokenDeps,
  digest: string | undefined,
  kept: RefreshToken,
  limits: RefreshTokenLimits,
): Promise<{ readonly cause?: string }> {
  const now = clock.now();
  if (digest === undefined || now - kept.usedAt < USE_SECONDS) return {};
  const used = { ...kept, usedAt: now };
  const expiresAt = expiryOf(used, limits);
  try {
    if (await store.replace(digest, { ...used, expiresAt }, expiresAt - now)) return {};
  } catch (error) {
    return { cause: `its use is not written down: ${describeError(error)}` };
  }
  throw new Refusal('just revoked');
}
