/** What a user may type as a name. */

const MAX_LENGTH = 256;

/**
 * The name as it is sent: composed (NFC). A directory ignores some characters when it compares (RFC 4518), so one with
 * a line break in it could mean somebody else's entry; no entry needs such a name.
 *
 * @returns undefined for a name no entry has: too long, a control character, half a surrogate pair
 */
export function loginName(typed: string): string | undefined {
  if (typed.trim() === '' || typed.length > MAX_LENGTH || !typed.isWellFormed() || /\p{Cc}/u.test(typed))
    return undefined;
  return typed.normalize('NFC');
}
