/** White space, what separates entries, and what JSON and other notations put around a list. */
const LIST_LIKE = /[\s,;|[\]{}"\u060C\u3001\uFF0C\uFF1B\uFF5C]/u;

/**
 * Whether a claim of groups that is a text may be a list in another notation. Read as one group, it would be a group that
 * no rule names, and a deny rule for a group in it would not apply.
 */
export function looksLikeList(text: string): boolean {
  return LIST_LIKE.test(text);
}
