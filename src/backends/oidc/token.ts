/** Parses a token. Nothing is verified here, and nothing that it names is ever fetched (RFC 8725, section 3.10). */
import { isObject } from '../../core/is-object.ts';
import type { Claims } from './claim-path.ts';

export interface ParsedToken {
  /** Its compact form. */
  readonly text: string;
  readonly algorithm: string;
  readonly keyId: string | undefined;
  /** The header `typ`, of any type; undefined when it is missing or null. */
  readonly type: unknown;
  readonly claims: Claims;
}

const JWS = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * @param most characters
 * @returns the token, or a sentence that says what is wrong with its form
 */
export function parseToken(text: string, most: number): ParsedToken | string {
  if (text.length > most) return `it has ${text.length} characters, ${most} are the most`;
  if (!JWS.test(text)) return 'expected three parts of base64url with dots between them, and nothing around them';
  const [head = '', body = ''] = text.split('.');
  const header = decoded(head);
  const claims = decoded(body);
  if (header === undefined || claims === undefined) return 'expected JSON objects as its first two parts';
  const { alg: algorithm } = header;
  const keyId = header['kid'] ?? undefined;
  if (typeof algorithm !== 'string') return 'its header names no algorithm (alg)';
  if (keyId !== undefined && typeof keyId !== 'string') return 'its header has a kid that is no text';
  if ((header['crit'] ?? undefined) !== undefined) {
    return 'its header asks for extensions (crit), and none is supported';
  }
  return { text, algorithm, keyId, type: header['typ'] ?? undefined, claims };
}

function decoded(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(part, 'base64url')));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
