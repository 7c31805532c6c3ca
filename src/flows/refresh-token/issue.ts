/** A refresh token for somebody who has just logged in with a password and asks for one. */
import type { RequestContext } from '../../core/events.ts';
import type { Caller, Secret } from '../../core/identity.ts';
import { expiryOf, refreshTokenId } from '../../core/refresh-token.ts';
import type { Service } from '../grant-token.ts';
import { backendNamed } from './backend-named.ts';
import type { RefreshTokenDeps } from './deps.ts';

/** A login that asks for a refresh token. */
export interface OfflineLogin {
  readonly context: RequestContext;
  readonly service: Service;
  readonly caller: Caller;
  /** What was typed. */
  readonly login: string;
  /** The program, as it names itself; empty when it does not. */
  readonly clientId: string;
}

/**
 * When it returns, the token is kept, whatever happens to this process.
 *
 * @returns undefined where the service offers none, and for logins that get none
 * @throws BrokerError `backend_unavailable` when the token cannot be kept: an answer without it would have the client
 *   write down the password instead
 */
export type IssueRefreshToken = (login: OfflineLogin) => Promise<Secret | undefined>;

/** Programs name themselves in a word. */
const MAX_CLIENT_ID = 64;

export function createIssueRefreshToken(deps: RefreshTokenDeps): IssueRefreshToken {
  return async ({ context, service, caller, login, clientId }) => {
    const limits = service.refreshTokens;
    if (limits === undefined || caller.kind === 'anonymous') return undefined;
    const { username, backend, subject } = caller.identity;
    const event = { type: 'refresh-token', request: context, service: service.name, username, backend } as const;
    const reason = withheldFrom(caller, deps);
    if (reason !== undefined || subject === undefined) {
      deps.audit.record({ ...event, outcome: 'withheld', cause: reason ?? 'the backend gives accounts no id' });
      return undefined;
    }
    const token = deps.secrets.make();
    const digest = deps.secrets.digest(token);
    const now = deps.clock.now();
    const times = { createdAt: now, usedAt: now };
    const expiresAt = expiryOf(times, limits);
    const kept = { service: service.name, backend, subject, login, username, client: context.client };
    await deps.store.put(digest, { ...kept, clientId: readable(clientId), ...times, expiresAt }, expiresAt - now);
    deps.audit.record({ ...event, outcome: 'issued', id: refreshTokenId(digest) });
    return token;
  };
}

/** Why a login gets none, for the operator. */
function withheldFrom(
  { identity, stale }: Extract<Caller, { kind: 'user' }>,
  { backends }: RefreshTokenDeps,
): string | undefined {
  // INVARIANT: nothing outlives the token of CI that somebody logged in with.
  if (identity.notAfter !== undefined) return 'the login was made with a token that ends';
  if (stale === true) return 'the backend is down, and the login is one that is remembered';
  if (backendNamed(backends, identity.backend)?.authenticator.revalidate !== undefined) return undefined;
  return 'the backend cannot look at an account again without its password';
}

function readable(clientId: string): string {
  return clientId.slice(0, MAX_CLIENT_ID).replaceAll(/[^\x20-\x7e]/g, '?');
}
