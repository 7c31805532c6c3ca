/**
 * Recognizes credentials that are tokens by their form alone: a JWS in compact form (RFC 7515, section 7.1) or a JWE
 * (RFC 7516, section 7.1), signed or not, valid or not. Such a credential goes only to backends for tokens, so that a
 * directory never sees a token, and those backends never see a password.
 */

/** Three or five parts of base64url. Padding and surrounding spaces are accepted, because people paste them. */
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

/** base64url to bytes, one character for each byte, which is enough to find the names in JSON. */
function decode(text: string): string {
  let bytes = '';
  let bits = 0;
  let bitCount = 0;
  for (const character of text) {
    bits = ((bits & 0x3f) << 6) | ALPHABET.indexOf(character);
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes += String.fromCharCode((bits >> bitCount) & 0xff);
  }
  return bytes;
}
