/** What the flows of codes have in common: who may allow a login, and from an allowed account to a caller. */
import type { ApprovedAccount, CodeSecrets } from '../core/approval.ts';
import { BrokerError } from '../core/errors.ts';
import type { AuditEvent, RequestContext } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import type { Audit } from '../core/ports.ts';
import { backendNamed } from './chain.ts';
import { revalidate } from './revalidate.ts';
import type { RevalidateDeps } from './revalidate.ts';
import type { SignedIn } from './session/find.ts';

export interface ApprovalDeps extends RevalidateDeps {
  readonly secrets: CodeSecrets;
  readonly audit: Audit;
}

/** A login of a program that a person has allowed. */
export interface ApprovedLogin {
  readonly caller: Extract<Caller, { kind: 'user' }>;
  /** The user name as typed at the sign-in. */
  readonly login: string;
}

/**
 * The account of a person who allows a login.
 *
 * @throws BrokerError `helper_refused` when no login of a program can follow: nobody could find out that it has to end
 */
export function accountOf({ backends }: Pick<ApprovalDeps, 'backends'>, { id, session }: SignedIn): ApprovedAccount {
  const { backend, subject, login, username } = session;
  if (subject === '' || backendNamed(backends, backend)?.authenticator.revalidate === undefined) {
    throw new BrokerError('helper_refused', `the backend ${backend} cannot check an account without its password`);
  }
  return { backend, subject, login, username, sessionId: id };
}

/**
 * The caller of an allowed login, as the account is now.
 *
 * @throws BrokerError `code_refused` when the account may not log in any more; `backend_unavailable`
 */
export async function loginOf(deps: ApprovalDeps, account: ApprovedAccount): Promise<ApprovedLogin> {
  const { identity, refusal } = await revalidate(deps, account);
  if (identity === undefined) throw new BrokerError('code_refused', refusal);
  return {
    caller: { kind: 'user', identity, via: { kind: 'session', id: account.sessionId } },
    login: account.login,
  };
}

type HelperLoginEvent = Extract<AuditEvent, { type: 'helper-login' }>;

/** The audit event of a step in a login of the helper. */
export function helperEvent(
  request: RequestContext,
  event: Omit<HelperLoginEvent, 'type' | 'request'>,
): HelperLoginEvent {
  return { type: 'helper-login', request, ...event };
}
