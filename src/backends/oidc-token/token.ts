/** Parses a token. Nothing is verified here, and nothing that it names is ever fetched (RFC 8725, section 3.10). */
import { isObject } from '../oidc/claim-path.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { forLog } from './for-log.ts';

export interface ParsedToken {
  /** Its compact form. */
  readonly text: string;
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly claims: Claims;
}

/** GitHub's tokens have 2 KiB, an Entra ID token with 200 groups 10. */
const MAX_TOKEN = 16 * 1024;
const JWS = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @returns the token, or a sentence that says what is wrong with its form. */
export function parseToken(text: string): ParsedToken | string {
  if (text.length > MAX_TOKEN) return `it has ${text.length} characters, ${MAX_TOKEN} are the most`;
  if (!JWS.test(text)) return 'expected three parts of base64url with dots between them, and nothing around them';
  const [head = '', body = ''] = text.split('.');
  const header = decoded(head);
  const claims = decoded(body);
  if (header === undefined || claims === undefined) return 'expected JSON objects as its first two parts';
  const { alg: algorithm, typ: type, kid: keyId } = header;
  if (typeof algorithm !== 'string') return 'its header names no algorithm (alg)';
  if (keyId !== undefined && typeof keyId !== 'string') return 'its header has a kid that is no text';
  if (header['crit'] !== undefined) return 'its header asks for extensions (crit) that nobody here knows';
  // An access token or logout token of the same issuer does not authenticate its bearer (RFC 8725, section 3.11). JOSE
  // names no such kind: SPIFFE allows it beside JWT (JWT-SVID, section 2.3).
  if (type !== undefined && (typeof type !== 'string' || !/^(?:application\/)?(?:jwt|jose)$/i.test(type))) {
    return `its header has the type ${forLog(type)}, expected JWT: it is not an ID token`;
  }
  return { text, algorithm, keyId, claims };
}

function decoded(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(part, 'base64url')));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
