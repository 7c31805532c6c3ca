/** What a user may type as a name. */

const MAX_LENGTH = 256;

/**
 * The name as it is sent: composed (NFC). A directory ignores some characters when it compares (RFC 4518), so one with
 * a line break in it could mean somebody else's entry; no entry needs such a name.
 *
 * @param domain that may stand before the name, as in `CORP\alice`
 * @returns undefined for a name no entry has: too long, a control character, half a surrogate pair, another domain
 */
export function loginName(typed: string, domain?: string): string | undefined {
  if (typed.trim() === '' || typed.length > MAX_LENGTH || !typed.isWellFormed() || /\p{Cc}/u.test(typed))
    return undefined;
  const name = typed.normalize('NFC');
  const at = domain === undefined ? -1 : name.indexOf('\\');
  if (domain === undefined || at === -1) return name;
  return name.slice(0, at).toLowerCase() === domain.toLowerCase() && at + 1 < name.length
    ? name.slice(at + 1)
    : undefined;
}
