/** Which names a file of users may have. */

/** As in LDAP and most systems. */
const MAX_LENGTH = 255;
/** A canonical DN may be a group; `core/groups.ts` reads no longer ones. */
const MAX_GROUP_LENGTH = 2048;
/** Control characters, and characters that make a name look like another: line separators and direction overrides. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;

/** What is wrong with a user's name, as `found …, expected …`; undefined when nothing is. */
export function usernameProblem(name: string): string | undefined {
  // Basic credentials end the name at the first colon (RFC 7617, section 2).
  if (name.includes(':')) return 'found a name with a colon, which no login can send';
  return nameProblem(name, MAX_LENGTH);
}

/** What is wrong with a group's name, as `found …, expected …`; undefined when nothing is. */
export function groupProblem(name: string): string | undefined {
  return nameProblem(name, MAX_GROUP_LENGTH);
}

function nameProblem(name: string, longest: number): string | undefined {
  if (name === '') return 'found an empty name';
  if (name.length > longest) return `found a name of ${name.length} characters, expected ${longest} at most`;
  if (UNPRINTABLE.test(name)) return 'found a name with characters that cannot be printed';
  return name.trim() === name ? undefined : 'found a name with space around it';
}
