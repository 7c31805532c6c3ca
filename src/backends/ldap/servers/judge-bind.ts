/** What the answer to a user's bind means. This table decides between 401 and 503. */
import type { RejectReason } from '../../../core/ports.ts';
import type { BindAnswer } from '../wire/connection.ts';
import { RESULT } from '../wire/result-code.ts';

export type BindVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly reason: RejectReason }
  /** The directory has no such entry, or the DN is not valid. */
  | { readonly kind: 'no-entry' }
  /** The directory did not decide. */
  | { readonly kind: 'failed' };

const rejected = (reason: RejectReason): BindVerdict => ({ kind: 'rejected', reason });

/**
 * The sub-codes of Active Directory ("… AcceptSecurityContext error, data 52e, v4563"). All but 52e, 525 and 775 are sent
 * only to a client that knows the password.
 */
const ACTIVE_DIRECTORY: Readonly<Record<string, RejectReason>> = {
  '525': 'wrong-password',
  '52e': 'wrong-password',
  '530': 'not-now',
  '531': 'not-now',
  '532': 'password-expired',
  '533': 'disabled',
  '701': 'expired',
  '773': 'must-change-password',
  '775': 'locked',
};
const DATA = /, data ([0-9a-f]{1,8}),/i;

/** Errors of the password policy control (draft-behera-ldap-password-policy, section 6.2). */
const POLICY: Readonly<Record<number, RejectReason>> = {
  0: 'password-expired',
  1: 'locked',
  2: 'must-change-password',
};

/** Result codes that refuse this user. All others mean that the directory did not decide. */
const REFUSALS: Readonly<Record<number, RejectReason>> = {
  // 389 Directory Server: too many wrong passwords.
  [RESULT.constraintViolation]: 'locked',
  // The entry has no password.
  [RESULT.inappropriateAuthentication]: 'wrong-password',
  [RESULT.invalidCredentials]: 'wrong-password',
  // 389 Directory Server and FreeIPA: inactivated. OpenLDAP refuses an empty password so, but that is never sent.
  [RESULT.unwillingToPerform]: 'disabled',
};

export function judgeBind({ code, diagnostic, policy }: BindAnswer): BindVerdict {
  const byPolicy = policy?.error === undefined ? undefined : POLICY[policy.error];
  // OpenLDAP accepts the bind of a user who must change the password, and then allows only that change.
  if (code === RESULT.success) return byPolicy === undefined ? { kind: 'accepted' } : rejected(byPolicy);
  if (code === RESULT.noSuchObject || code === RESULT.invalidDNSyntax) return { kind: 'no-entry' };
  const refusal = REFUSALS[code];
  if (refusal === undefined) return { kind: 'failed' };
  const data = code === RESULT.invalidCredentials ? DATA.exec(diagnostic)?.[1]?.toLowerCase() : undefined;
  const byData = data !== undefined && Object.hasOwn(ACTIVE_DIRECTORY, data) ? ACTIVE_DIRECTORY[data] : undefined;
  // For an inactivated entry 389 Directory Server also sends "locked" in the control; the code is more exact.
  return rejected(byData ?? (code === RESULT.unwillingToPerform ? refusal : (byPolicy ?? refusal)));
}
