/** What the answer to a user's bind means. This table decides between 401 and 503. */
import type { RejectReason } from '../../../core/ports.ts';
import { LDAP_PRESETS } from '../config/presets.ts';
import type { LdapPresetName } from '../config/presets.ts';
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
 * The sub-codes of Active Directory ("… AcceptSecurityContext error, data 52e, v4563"): Windows error codes in hexadecimal
 * ([MS-ERREF] 2.2). All refusals but 52e, 525 and 775 are sent only to a client that knows the password.
 */
const ACTIVE_DIRECTORY: Readonly<Record<string, RejectReason>> = {
  '525': 'wrong-password',
  '52e': 'wrong-password',
  // Account restriction, logon hours, workstation, logon type.
  '52f': 'not-now',
  '530': 'not-now',
  '531': 'not-now',
  '569': 'not-now',
  '532': 'password-expired',
  '533': 'disabled',
  '701': 'expired',
  '773': 'must-change-password',
  '775': 'locked',
};
/**
 * Sub-codes with which a controller says that it could not decide: no memory, no logon server (a read-only controller
 * without its partner), no such domain, a time limit, no answer to a remote call, a broken trust.
 */
const ACTIVE_DIRECTORY_OUTAGES: ReadonlySet<string> = new Set([
  '8',
  'e',
  '51f',
  '54b',
  '54f',
  '5aa',
  '5ad',
  '5af',
  '5b4',
  '6ba',
  '6bb',
  '6be',
  '6bf',
  '6d9',
  '6fa',
  '6fb',
  '6fc',
  '6fd',
  '6fe',
  '20ee',
  '20ef',
]);
const DATA = /, data ([0-9a-f]{1,8}),/i;

/** Errors of the password policy control (draft-behera-ldap-password-policy, section 6.2). */
const POLICY: Readonly<Record<number, RejectReason>> = {
  0: 'password-expired',
  1: 'locked',
  2: 'must-change-password',
};

/** The reason in the text that comes with result 53; 389 Directory Server and FreeIPA send these. */
const UNWILLING: readonly (readonly [RegExp, RejectReason])[] = [
  [/too many failed|retry limit|locked/i, 'locked'],
  [/expired/i, 'expired'],
  [/inactivat|disabled|deactivat|suspended/i, 'disabled'],
];

/** @param preset the kind of the directory: some results mean different things in different directories */
export function judgeBind(answer: BindAnswer, preset: LdapPresetName = 'openldap'): BindVerdict {
  const { code, policy } = answer;
  const byPolicy = policy?.error === undefined ? undefined : POLICY[policy.error];
  switch (code) {
    case RESULT.success:
      // OpenLDAP accepts the bind of a user who must change the password, and then allows only that change.
      return byPolicy === undefined ? { kind: 'accepted' } : rejected(byPolicy);
    case RESULT.noSuchObject:
    case RESULT.invalidDNSyntax:
      return { kind: 'no-entry' };
    case RESULT.invalidCredentials:
      return judgeInvalidCredentials(answer, byPolicy);
    default: {
      const reason = refusalFor(answer, byPolicy, preset);
      return reason === undefined ? { kind: 'failed' } : rejected(reason);
    }
  }
}

function judgeInvalidCredentials({ diagnostic }: BindAnswer, byPolicy: RejectReason | undefined): BindVerdict {
  const data = DATA.exec(diagnostic)?.[1]
    ?.toLowerCase()
    .replace(/^0+(?=.)/, '');
  if (data !== undefined && ACTIVE_DIRECTORY_OUTAGES.has(data)) return { kind: 'failed' };
  const byData = data !== undefined && Object.hasOwn(ACTIVE_DIRECTORY, data) ? ACTIVE_DIRECTORY[data] : undefined;
  return rejected(byData ?? byPolicy ?? 'wrong-password');
}

/** @returns undefined when the directory did not decide about this user */
function refusalFor(
  { code, diagnostic, policy }: BindAnswer,
  byPolicy: RejectReason | undefined,
  preset: LdapPresetName,
): RejectReason | undefined {
  const refusals: Readonly<Record<number, RejectReason>> = LDAP_PRESETS[preset].bindRefusals;
  switch (code) {
    case RESULT.unwillingToPerform: {
      const byText = UNWILLING.find(([pattern]) => pattern.test(diagnostic))?.[1];
      // With the control the answer is about the account. For an inactivated entry 389 Directory Server says "locked" in
      // the control; the code is more exact.
      if (byText !== undefined || policy?.error !== undefined) return byText ?? 'disabled';
      // Another text is about the connection or the server, such as "Minimum SSF not met".
      return diagnostic === '' ? refusals[code] : undefined;
    }
    case RESULT.inappropriateAuthentication:
      // Without a text the entry has no password. Other texts name a certificate or the kind of the bind.
      return diagnostic === '' || /password/i.test(diagnostic) ? refusals[code] : undefined;
    default:
      return refusals[code] === undefined ? undefined : (byPolicy ?? refusals[code]);
  }
}
