/** What the flows of codes have in common: who may allow a login, and from an allowed account to a caller. */
import { isChosenAccount } from '../core/account.ts';
import type { ApprovedAccount, CodeSecrets } from '../core/approval.ts';
import type { AuthorizationCode } from '../core/authorization-code.ts';
import type { DeviceRequest } from '../core/device-request.ts';
import { BrokerError } from '../core/errors.ts';
import type { AuditEvent, RequestContext } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import type { Audit, EventSink, ListableStore } from '../core/ports.ts';
import { backendNamed } from './chain.ts';
import type { EndableCredentials } from './end-account.ts';
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

interface EndableApprovalDeps {
  readonly codes: ListableStore<AuthorizationCode>;
  readonly requests: ListableStore<DeviceRequest>;
  readonly audit: EventSink;
}

/**
 * The logins of programs that a person of the account has allowed, and that no program has redeemed yet, for
 * `createEndAccount`.
 */
export function endableApprovals({ codes, requests, audit }: EndableApprovalDeps): EndableCredentials {
  return {
    what: 'allowed logins of programs',
    endOf: async (account, { request, by, cause = `ended by ${by}` }) => {
      const chosen = (await codes.list()).filter(
        ({ value }) => value.state === 'unused' && isChosenAccount(account, value.account),
      );
      const answered = (await requests.list()).filter(
        ({ value }) =>
          value.state === 'approved' && value.account !== undefined && isChosenAccount(account, value.account),
      );
      await codes.removeAll(chosen.map(({ key }) => key));
      await requests.removeAll(answered.map(({ key }) => key));
      for (const [method, entries] of [['browser', chosen] as const, ['device', answered] as const]) {
        for (const { value } of entries) {
          const about = { method, service: value.service, ...nameOf(value.account) } as const;
          audit.record(helperEvent(request, { ...about, outcome: 'refused', cause }));
        }
      }
      return chosen.length + answered.length;
    },
  };
}

function nameOf(account: ApprovedAccount | undefined) {
  return account === undefined ? {} : { username: account.username, backend: account.backend };
}
