/** Issues a refresh token for a login with a password. */
import { expiryOf } from '../../core/record-fields.ts';
import type { AuditEvent, RequestContext } from '../../core/events.ts';
import type { Caller, Secret } from '../../core/identity.ts';
import { refreshTokenId } from '../../core/refresh-token.ts';
import type { Service } from '../grant-token.ts';
import { backendNamed } from '../chain.ts';
import type { RefreshTokenDeps } from './deps.ts';

/** A login that asks for a refresh token. */
export interface OfflineLogin {
  readonly context: RequestContext;
  readonly service: Service;
  readonly caller: Caller;
  /** The user name as typed. */
  readonly login: string;
  /** The program, by the name that it sends; may be empty. */
  readonly clientId: string;
}

/** A refresh token that is not valid yet. */
export interface RefreshTokenDraft {
  readonly token: Secret;
  /** To be committed to the audit trail before the token is stored. */
  readonly event: AuditEvent;
  /**
   * Makes it valid, in place of the least recently used token where the user has too many. When it returns, the record is
   * stored and survives the end of this process.
   *
   * @throws BrokerError `records_unavailable` when the record cannot be stored: without a token, the client would store the
   *   password
   */
  store(): Promise<void>;
}

/** @returns undefined when the service offers no refresh tokens, or this login gets none */
export type DraftRefreshToken = (login: OfflineLogin) => RefreshTokenDraft | undefined;

/** Characters of a client id that are stored. */
const MAX_CLIENT_ID = 64;

export function createDraftRefreshToken(deps: RefreshTokenDeps): DraftRefreshToken {
  return ({ context, service, caller, login, clientId }) => {
    const limits = service.refreshTokens;
    if (limits === undefined || caller.kind === 'anonymous') return undefined;
    const { username, backend, subject } = caller.identity;
    const event = { type: 'refresh-token', request: context, service: service.name, username, backend } as const;
    const reason = whyWithheld(caller, deps);
    if (reason !== undefined || subject === undefined) {
      deps.audit.record({ ...event, outcome: 'withheld', cause: reason ?? 'the backend has no id for the account' });
      return undefined;
    }
    const token = deps.secrets.make();
    const digest = deps.secrets.digest(token);
    const now = deps.clock.now();
    const times = { createdAt: now, usedAt: now };
    const expiresAt = expiryOf(times, limits);
    const account = { service: service.name, backend, subject, login, username, client: context.client };
    const record = { ...account, clientId: printable(clientId), ...times, expiresAt };
    return {
      token,
      event: { ...event, outcome: 'issued', id: refreshTokenId(digest) },
      store: () => deps.store.put(digest, record, expiresAt - now),
    };
  };
}

/** Why a login gets no refresh token, for the operator. */
function whyWithheld(
  { identity, stale, via }: Extract<Caller, { kind: 'user' }>,
  { backends }: RefreshTokenDeps,
): string | undefined {
  // INVARIANT: a refresh token comes from a password or a session, because it has no limits. One that came from a personal
  // token would outlive it, and could do more.
  if (via !== undefined && via.kind !== 'session') return `the login was made with a ${via.kind.replace('-', ' ')}`;
  // INVARIANT: no access outlives the CI token of the login.
  if (identity.notAfter !== undefined) return 'the login was made with a token that expires';
  if (stale === true) return 'the backend is down, and the login came from the cache';
  if (backendNamed(backends, identity.backend)?.authenticator.revalidate !== undefined) return undefined;
  return 'the backend cannot check an account without its password';
}

function printable(clientId: string): string {
  return clientId.slice(0, MAX_CLIENT_ID).replaceAll(/[^\x20-\x7e]/g, '?');
}
