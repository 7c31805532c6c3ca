/** Issues a code for a program on the machine of the browser, after the person has allowed it. */
import { HELPER_CLIENT } from '../../core/approval.ts';
import { CODE_SECONDS } from '../../core/authorization-code.ts';
import type { AuthorizationCode } from '../../core/authorization-code.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Secret } from '../../core/identity.ts';
import type { ListableStore } from '../../core/ports.ts';
import { accountOf, helperEvent } from '../approval.ts';
import type { ApprovalDeps } from '../approval.ts';
import type { SignedIn } from '../session/find.ts';

export interface CodeDeps extends ApprovalDeps {
  /** The stored records, by the digest of the code. */
  readonly codes: ListableStore<AuthorizationCode>;
}

/** What a program asks for, already checked. */
export interface AuthorizationRequest {
  readonly service: string;
  readonly redirectUri: string;
  readonly challenge: string;
}

/** @throws BrokerError `helper_refused`, `records_unavailable` or `audit_unavailable` */
export type ApproveCode = (asked: AuthorizationRequest, person: SignedIn, request: RequestContext) => Promise<Secret>;

interface Denial {
  readonly service: string;
  readonly username: string;
  readonly backend: string;
}

/** Records that a person has said no. Throws BrokerError `audit_unavailable`. */
export type DenyCode = (denial: Denial, request: RequestContext) => Promise<void>;

export function createDenyCode({ audit }: Pick<CodeDeps, 'audit'>): DenyCode {
  return async (denial, request) => {
    await audit.commit([helperEvent(request, { method: 'browser', outcome: 'denied', ...denial })]);
  };
}

export function createApproveCode(deps: CodeDeps): ApproveCode {
  return async (asked, person, request) => {
    const account = accountOf(deps, person);
    const code = deps.secrets.make();
    const expiresAt = deps.clock.now() + CODE_SECONDS;
    const record = { ...asked, state: 'unused', account, clientId: HELPER_CLIENT, expiresAt } as const;
    const { username, backend } = account;
    const about = { method: 'browser', service: asked.service, username, backend } as const;
    await deps.audit.commit([helperEvent(request, { ...about, outcome: 'approved' })]);
    // It stays for a while after its end, so that a second use is recognized.
    await deps.codes.put(deps.secrets.digest(code), record, 2 * CODE_SECONDS);
    return code;
  };
}
