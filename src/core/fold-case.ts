/**
 * Lower case for names that are compared without case.
 *
 * The Kelvin sign (U+212A) is the one character outside ASCII whose lower case lies inside it: `toLowerCase` alone
 * would turn a name with this character into the name of another user.
 */
export function foldCase(text: string): string {
  return text.includes('\u212A') ? text.split('\u212A').map(foldCase).join('\u212A') : text.toLowerCase();
}
