/**
 * The state of an account according to its entry. A login that is refused here costs no attempt, and the directory would
 * refuse it too, whatever the password. States that depend on the password or on a policy are left to the bind.
 */
import type { RejectReason } from '../../../core/ports.ts';
import type { LdapEntry } from '../wire/entry.ts';

/** Active Directory: userAccountControl ([MS-ADTS] 2.2.16). */
const DISABLED = 0x2;
/**
 * Accounts whose password does not expire, so pwdLastSet = 0 means nothing ([MS-ADTS] 3.1.1.4.5.17): password never
 * expires, smart card required, and the accounts of trusts and machines.
 */
const NEVER_EXPIRES = 0x1_00_00 | 0x4_00_00 | 0x8_00 | 0x10_00 | 0x20_00;
/** Active Directory: msDS-User-Account-Control-Computed ([MS-ADTS] 3.1.1.4.5.17), which applies the policy in force. */
const LOCKED = 0x10;
const PASSWORD_EXPIRED = 0x80_00_00;
export const COMPUTED = 'msDS-User-Account-Control-Computed';
/** OpenLDAP: locked by an administrator (draft-behera-ldap-password-policy, section 5.3.3). */
const LOCKED_FOREVER = '000001010000Z';
/** 389 Directory Server: the account is not unlocked by time. */
const UNLOCKED_NEVER = '19700101000000Z';

/** @param now seconds since 1970 */
export function accountState(entry: LdapEntry, now: number): RejectReason | undefined {
  const is = (attribute: string, value: string): boolean => entry.texts(attribute)[0]?.toUpperCase() === value;
  const isPast = (attribute: string): boolean => (timeOf(entry.texts(attribute)[0]) ?? Infinity) <= now;

  const isDisabled = (flags(entry, 'userAccountControl') ?? 0) & DISABLED;
  if (isDisabled || is('nsAccountLock', 'TRUE') || is('ak-active', 'FALSE') || is('accountStatus', 'INACTIVE')) {
    return 'disabled';
  }
  const expires = fileTime(entry.texts('accountExpires')[0]);
  if ((expires !== undefined && expires <= now) || isPast('krbPrincipalExpiration')) return 'expired';
  const isLocked = (flags(entry, COMPUTED) ?? 0) & LOCKED;
  if (isLocked || is('pwdAccountLockedTime', LOCKED_FOREVER) || isLockedBy389(entry, now)) return 'locked';
  if (is('pwdReset', 'TRUE')) return 'must-change-password';
  // FreeIPA lets the bind of such an account succeed. A reset by an administrator sets the time of the reset.
  return isPast('krbPasswordExpiration') ? 'password-expired' : passwordStateInActiveDirectory(entry);
}

/** The server computes the state where it can; only a global catalog or missing rights leave it to raw attributes. */
function passwordStateInActiveDirectory(entry: LdapEntry): RejectReason | undefined {
  const mustChange = entry.texts('pwdLastSet')[0] === '0';
  const computed = flags(entry, COMPUTED);
  if (computed !== undefined) {
    if ((computed & PASSWORD_EXPIRED) === 0) return undefined;
    return mustChange ? 'must-change-password' : 'password-expired';
  }
  const neverExpires = ((flags(entry, 'userAccountControl') ?? 0) & NEVER_EXPIRES) !== 0;
  return mustChange && !neverExpires ? 'must-change-password' : undefined;
}

/** @returns undefined when the attribute is absent or no number */
function flags(entry: LdapEntry, attribute: string): number | undefined {
  const text = entry.texts(attribute)[0];
  return text !== undefined && /^-?\d{1,10}$/.test(text) ? Number(text) : undefined;
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

/**
 * Converts a GeneralizedTime (RFC 4517, section 3.3.13) to seconds since 1970. Minutes and seconds are optional, and the
 * time may have an offset from UTC.
 */
function timeOf(text: string | undefined): number | undefined {
  const parts = GENERALIZED_TIME.exec(text ?? '')?.slice(1);
  if (parts === undefined) return undefined;
  const zone = parts.pop() ?? 'Z';
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0));
  const offset = zone === 'Z' ? 0 : (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3) || 0)) * 60;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 + (zone.startsWith('+') ? -offset : offset);
}

const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)?)?(?:[.,]\d+)?(Z|[+-]\d\d(?:\d\d)?)$/;
