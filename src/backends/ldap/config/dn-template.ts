/** Builds the DN of a user from the login, for directories where all users have DNs of one form. */
import { parseDn } from '../../../core/dn.ts';

export interface DnTemplate {
  readonly text: string;
  /** The DN with this login, escaped so that it stays one value (RFC 4514, section 2.4). */
  fill(login: string): string;
}

/** What a template has in the place of the login. */
export const LOGIN_PLACEHOLDER = '{login}';

/** @returns the template, or a sentence that says what is wrong with the text */
export function parseDnTemplate(text: string): DnTemplate | string {
  const pieces = text.split(LOGIN_PLACEHOLDER);
  if (pieces.length < 2) return 'expected {login} in the DN, such as uid={login},ou=people,dc=example,dc=org';
  if (/[{}]/.test(pieces.join(''))) return 'expected {login} as the only thing in braces';
  // Within quotes, after # and after a backslash the escapes of `escapeDnValue` would have another meaning.
  if (/["#]/.test(pieces.join('')) || pieces.slice(0, -1).some((piece) => piece.endsWith('\\'))) {
    return 'expected a DN without quotes and #, and no backslash before {login}';
  }
  const fill = (login: string): string => pieces.join(escapeDnValue(login));
  // The space makes a placeholder in an attribute type invalid.
  if (parseDn(fill('a b')) === undefined) return 'expected a DN such as uid={login},ou=people,dc=example,dc=org';
  return { text, fill };
}

/**
 * Text as one attribute value of a DN. Escapes are hex pairs, which all servers read in the same way; a backslash before
 * the character has another meaning within quotes.
 */
export function escapeDnValue(text: string): string {
  return text.replaceAll(/[,+"\\<>;=#\0]|^ | $/g, (char) => `\\${Buffer.from(char, 'latin1').toString('hex')}`);
}
