import { MAX_NAME } from '../../names.ts';

/**
 * The name to search for: normalized (NFC) and without the domain. A directory ignores some characters when it compares
 * (RFC 4518), so a name with a line break could match the entry of another user.
 *
 * @param domain may be typed before the name, as in `CORP\alice`
 * @returns undefined for a name that no entry can have: too long, a control character, half a surrogate pair, another
 *   domain
 */
export function loginName(typed: string, domain?: string): string | undefined {
  if (typed.trim() === '' || typed.length > MAX_NAME || !typed.isWellFormed() || /\p{Cc}/u.test(typed))
    return undefined;
  const name = typed.normalize('NFC');
  const at = domain === undefined ? -1 : name.indexOf('\\');
  if (domain === undefined || at === -1) return name;
  return name.slice(0, at).toLowerCase() === domain.toLowerCase() && at + 1 < name.length
    ? name.slice(at + 1)
    : undefined;
}
