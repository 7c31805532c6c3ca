/** What a server's answer to a user's bind means: the table that decides between 401 and 503. */
import type { RejectReason } from '../../../core/ports.ts';
import type { BindAnswer } from '../wire/connection.ts';

export type BindVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly reason: RejectReason }
  /** The directory has no such entry, or can have none of this name. */
  | { readonly kind: 'no-entry' }
  /** It could not tell. */
  | { readonly kind: 'failed' };

const rejected = (reason: RejectReason): BindVerdict => ({ kind: 'rejected', reason });

/**
 * Active Directory's sub-codes ("… AcceptSecurityContext error, data 52e, v4563"). All but 52e, 525 and 775 are told
 * only to those who have the right password.
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

/** Result codes (RFC 4511, appendix A) that refuse this user and nobody else. */
const REFUSALS: Readonly<Record<number, RejectReason>> = {
  // 389 Directory Server: too many wrong passwords.
  19: 'locked',
  // The entry has no password.
  48: 'wrong-password',
  49: 'wrong-password',
  // 389 Directory Server and FreeIPA: inactivated. An empty password, which OpenLDAP refuses so, is never sent.
  53: 'disabled',
};

const INVALID_DN = 34;
const NO_SUCH_OBJECT = 32;

export function judgeBind({ code, diagnostic, policy }: BindAnswer): BindVerdict {
  const byPolicy = policy?.error === undefined ? undefined : POLICY[policy.error];
  // OpenLDAP accepts the bind of somebody who must change the password, and lets them do only that.
  if (code === 0) return byPolicy === undefined ? { kind: 'accepted' } : rejected(byPolicy);
  if (code === NO_SUCH_OBJECT || code === INVALID_DN) return { kind: 'no-entry' };
  const refusal = REFUSALS[code];
  if (refusal === undefined) return { kind: 'failed' };
  const data = code === 49 ? DATA.exec(diagnostic)?.[1]?.toLowerCase() : undefined;
  const byData = data !== undefined && Object.hasOwn(ACTIVE_DIRECTORY, data) ? ACTIVE_DIRECTORY[data] : undefined;
  // 389 sends "locked" beside 53 too, for an entry that an administrator has switched off.
  return rejected(byData ?? (code === 53 ? refusal : (byPolicy ?? refusal)));
}
