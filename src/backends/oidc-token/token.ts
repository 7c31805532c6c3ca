/** The form of an ID token that a client presents. */
import { forLog } from '../oidc/for-log.ts';
import { parseToken } from '../oidc/token.ts';
import type { ParsedToken } from '../oidc/token.ts';

/** GitHub's tokens have 2 KiB, an Entra ID token with 200 groups 10. */
const MAX_TOKEN = 16 * 1024;

/** @returns the token, or a sentence that says what is wrong with its form. */
export function parseIdToken(text: string): ParsedToken | string {
  const token = parseToken(text, MAX_TOKEN);
  if (typeof token === 'string') return token;
  const { type } = token;
  // An access token or logout token of the same issuer does not authenticate its bearer (RFC 8725, section 3.11). JOSE
  // names no such kind: SPIFFE allows it as well as JWT (JWT-SVID, section 2.3).
  if (type !== undefined && (typeof type !== 'string' || !/^(?:application\/)?(?:jwt|jose)$/i.test(type))) {
    return `its header has the type ${forLog(type)}, expected JWT: it is not an ID token`;
  }
  return token;
}
