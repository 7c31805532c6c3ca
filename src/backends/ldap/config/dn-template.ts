/** DNs built from what a user typed, for directories where people bind by a DN of a known shape. */
import { parseDn } from '../../../core/dn.ts';

export interface DnTemplate {
  readonly text: string;
  /** The DN for this login, escaped so that it stays one value (RFC 4514, section 2.4). */
  fill(login: string): string;
}

const PLACEHOLDER = '{login}';

/** @returns the template, or a sentence that says what is wrong with the text. */
export function parseDnTemplate(text: string): DnTemplate | string {
  const pieces = text.split(PLACEHOLDER);
  if (pieces.length < 2) return 'expected {login} in the DN, such as uid={login},ou=people,dc=example,dc=org';
  if (/[{}]/.test(pieces.join(''))) return 'expected {login} as the only thing in braces';
  // In quotes, after # and after a backslash the escapes of a value would mean something else.
  if (/["#]/.test(pieces.join('')) || pieces.slice(0, -1).some((piece) => piece.endsWith('\\'))) {
    return 'expected a DN without quotes and #, and no backslash before {login}';
  }
  const fill = (login: string): string => pieces.join(escapeDnValue(login));
  // No attribute type has a space: a placeholder in its place is found by this.
  if (parseDn(fill('a b')) === undefined) return 'expected a DN such as uid={login},ou=people,dc=example,dc=org';
  return { text, fill };
}

/**
 * Text as one attribute value of a DN. Hex pairs everywhere: unlike a backslash before the character they mean the
 * same to every server, within quotes and without.
 */
export function escapeDnValue(text: string): string {
  return text.replaceAll(/[,+"\\<>;=#\0]|^ | $/g, (char) => `\\${Buffer.from(char, 'latin1').toString('hex')}`);
}
