/**
 * The prefixes of the tokens that Fairlead issues. Secret scanners recognize leaked tokens by them, and Fairlead itself
 * recognizes a token that a person pasted into the wrong field.
 */

export const REFRESH_TOKEN_PREFIX = 'flr_';
export const PERSONAL_TOKEN_PREFIX = 'flp_';

/** What may precede a pasted token: spaces, line ends, invisible characters and quotes. */
const LEADING = `[\\s\\p{C}\\p{Default_Ignorable_Code_Point}"'\`“‘<]*`;
const ANY_TOKEN = new RegExp(`^${LEADING}(?:${REFRESH_TOKEN_PREFIX}|${PERSONAL_TOKEN_PREFIX})`, 'iu');
const PERSONAL_TOKEN = new RegExp(`^${LEADING}${PERSONAL_TOKEN_PREFIX}`, 'iu');

/**
 * Whether a text begins as a token of Fairlead does, in any case: whole, cut off, or with something after it.
 *
 * INVARIANT: no backend sees such a text, neither as a password nor as a user name. A directory would log it, and count
 * it as a wrong password.
 */
export function hasFairleadPrefix(text: string): boolean {
  return ANY_TOKEN.test(text);
}

/** Whether a text begins as a personal token does: whole, cut off, or with something before or after it. */
export function hasPersonalTokenPrefix(text: string): boolean {
  return PERSONAL_TOKEN.test(text);
}
