/**
 * The state of an account according to its entry. A login that is refused here costs no attempt, and the directory would
 * refuse it too, whatever the password. States that depend on the password or on a policy are left to the bind.
 */
import type { RejectReason } from '../../../core/ports.ts';
import type { LdapEntry } from '../wire/entry.ts';

/** Active Directory: userAccountControl ([MS-ADTS] 2.2.16). */
const DISABLED = 0x2;
/** Active Directory: msDS-User-Account-Control-Computed ([MS-ADTS] 3.1.1.4.5.17), which applies the domain's policy. */
const LOCKED = 0x10;
const PASSWORD_EXPIRED = 0x80_00_00;
/** OpenLDAP: locked by an administrator (draft-behera-ldap-password-policy, section 5.3.3). */
const LOCKED_FOREVER = '000001010000Z';
/** 389 Directory Server: the account is not unlocked by time. */
const UNLOCKED_NEVER = '19700101000000Z';

/** @param now seconds since 1970 */
export function accountState(entry: LdapEntry, now: number): RejectReason | undefined {
  const is = (attribute: string, value: string): boolean => entry.texts(attribute)[0]?.toUpperCase() === value;
  const flags = (attribute: string): number => Number(entry.texts(attribute)[0] ?? 0);
  const isPast = (attribute: string): boolean => (timeOf(entry.texts(attribute)[0]) ?? Infinity) <= now;

  const computed = flags('msDS-User-Account-Control-Computed');
  if ((flags('userAccountControl') & DISABLED) !== 0 || is('nsAccountLock', 'TRUE')) return 'disabled';
  const expires = fileTime(entry.texts('accountExpires')[0]);
  if ((expires !== undefined && expires <= now) || isPast('krbPrincipalExpiration')) return 'expired';
  if ((computed & LOCKED) !== 0 || is('pwdAccountLockedTime', LOCKED_FOREVER) || isLockedBy389(entry, now)) {
    return 'locked';
  }
  if (is('pwdLastSet', '0') || is('pwdReset', 'TRUE')) return 'must-change-password';
  return (computed & PASSWORD_EXPIRED) === 0 ? undefined : 'password-expired';
}

/**
 * The same for a check without a bind. The entry does not say when a temporary lock ends, so the account counts as locked
 * until the next successful login removes the attribute.
 *
 * @param now seconds since 1970
 */
export function accountStateWithoutBind(entry: LdapEntry, now: number): RejectReason | undefined {
  return accountState(entry, now) ?? (entry.texts('pwdAccountLockedTime').length > 0 ? 'locked' : undefined);
}

function isLockedBy389(entry: LdapEntry, now: number): boolean {
  const text = entry.texts('accountUnlockTime')[0];
  return text === UNLOCKED_NEVER || (timeOf(text) ?? 0) > now;
}

/**
 * Converts a time of Active Directory (100 ns since 1601) to seconds since 1970.
 *
 * @returns undefined for "never", and for text that is not a time
 */
export function fileTime(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,19}$/.test(text)) return undefined;
  const ticks = BigInt(text);
  return ticks === 0n || ticks === 0x7f_ff_ff_ff_ff_ff_ff_ffn
    ? undefined
    : Number(ticks / 10_000_000n) - 11_644_473_600;
}

/** Converts a GeneralizedTime in UTC (RFC 4517, section 3.3.13) to seconds since 1970. */
function timeOf(text: string | undefined): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?Z$/.exec(text ?? '')?.slice(1);
  if (parts === undefined) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0));
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}
