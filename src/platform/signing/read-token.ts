/** Reads a registry token in compact form (RFC 7515, section 7.1), without verifying it. */
import { isObject } from '../../core/is-object.ts';
import type { VerifiedToken } from '../../core/ports.ts';
import type { Scope } from '../../core/scope.ts';

export interface ReadToken {
  readonly header: { readonly alg: string; readonly kid: string; readonly x5c: readonly string[] };
  readonly issuer: string;
  readonly audience: string;
  /** Seconds since 1970. */
  readonly notBefore: number;
  /** Seconds since 1970. */
  readonly expires: number;
  readonly claims: VerifiedToken;
  /** What is signed. */
  readonly signed: string;
  readonly signature: Buffer;
}

const COMPACT = /^(([\w-]+)\.([\w-]+))\.([\w-]+)$/;

/** @returns undefined for what is no token of the form that this server issues */
export function readToken(text: string): ReadToken | undefined {
  const [, signed, first, second, third] = COMPACT.exec(text) ?? [];
  if (signed === undefined || first === undefined || second === undefined || third === undefined) return undefined;
  const header = parseObject(first);
  const claims = parseObject(second);
  if (header === undefined || claims === undefined) return undefined;
  const { alg, kid, x5c = [], crit } = header;
  const { iss, aud, sub, jti, nbf, exp } = claims;
  // What `crit` lists must be understood (RFC 7515, section 4.1.11), and this server sets none.
  if (!isText(alg) || !isText(kid) || !isTexts(x5c) || crit !== undefined) return undefined;
  if (!isText(iss) || !isText(aud) || !isText(sub) || !isText(jti)) return undefined;
  if (typeof nbf !== 'number' || typeof exp !== 'number') return undefined;
  const access = accessOf(claims['access']);
  if (access === undefined) return undefined;
  return {
    header: { alg, kid, x5c },
    issuer: iss,
    audience: aud,
    notBefore: nbf,
    expires: exp,
    claims: { username: sub, tokenId: jti, access },
    signed,
    signature: Buffer.from(third, 'base64url'),
  };
}

function accessOf(value: unknown): readonly Scope[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const scopes = value.map(scopeOf);
  return scopes.every((scope) => scope !== undefined) ? scopes : undefined;
}

function scopeOf(value: unknown): Scope | undefined {
  if (!isObject(value)) return undefined;
  const { type, name, actions } = value;
  return isText(type) && isText(name) && isTexts(actions) ? { type, name, actions } : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(base64url: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}
