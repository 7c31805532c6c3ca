/**
 * Which credentials are tokens, told by their shape alone: a JWS in its compact form (RFC 7515, section 7.1), or a JWE
 * (RFC 7516, section 7.1), signed or not, good or not. Such a credential goes to the backends for tokens and to no
 * other, so that a directory never sees one, and those backends never see a password.
 */

/** Three or five parts of base64url; padding and spaces around it are as good as none to somebody who pastes one. */
const COMPACT = /^\s*([\w-]+)={0,2}(?:\.[\w-]*={0,2}){2}(?:(?:\.[\w-]*={0,2}){2})?\s*$/;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Whether a text is a token: its first part is a JSON object that names an algorithm. */
export function isToken(text: string): boolean {
  const [, header] = COMPACT.exec(text) ?? [];
  return header !== undefined && namesAlgorithm(decode(header));
}

function namesAlgorithm(text: string): boolean {
  try {
    const header: unknown = JSON.parse(text);
    return typeof header === 'object' && header !== null && 'alg' in header;
  } catch {
    return false;
  }
}

/** base64url to bytes, each as one character: that is enough to find the names in JSON. */
function decode(text: string): string {
  let bytes = '';
  let bits = 0;
  let held = 0;
  for (const character of text) {
    bits = ((bits & 0x3f) << 6) | ALPHABET.indexOf(character);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += String.fromCharCode((bits >> held) & 0xff);
  }
  return bytes;
}
