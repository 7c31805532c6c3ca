/** A registry token, read without trusting it. */
import { isObject } from '../../core/is-object.ts';

interface AccessEntry {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

export interface Token {
  readonly text: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The bytes that are signed. */
  readonly signed: string;
  readonly signature: Buffer;
}

const PART = /^[A-Za-z0-9_-]+$/;

/** @returns a sentence when the text is not a compact JWT */
export function readToken(text: string): Token | string {
  const parts = text.split('.');
  const [header = '', claims = '', signature = ''] = parts;
  if (parts.length !== 3) return `the token has ${parts.length} parts, expected three`;
  if (![header, claims, signature].every((part) => PART.test(part))) {
    return 'a part of the token is empty or not base64url without padding (RFC 7515, section 2)';
  }
  const readHeader = jsonObject(header);
  const readClaims = jsonObject(claims);
  if (readHeader === undefined) return 'the header of the token is not a JSON object';
  if (readClaims === undefined) return 'the claims of the token are not a JSON object';
  return {
    text,
    header: readHeader,
    claims: readClaims,
    signed: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function jsonObject(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The entries of `access`, those that are well formed. */
function accessOf({ claims }: Token): readonly AccessEntry[] {
  const { access } = claims;
  return Array.isArray(access) ? access.filter(isAccessEntry) : [];
}

export function isAccessEntry(value: unknown): value is AccessEntry {
  return (
    isObject(value) &&
    typeof value['type'] === 'string' &&
    typeof value['name'] === 'string' &&
    Array.isArray(value['actions']) &&
    value['actions'].every((action) => typeof action === 'string')
  );
}

/** What the token grants by `type:name`, as registries merge several entries of one name. Names without actions are left out. */
export function grantsOf(token: Token): ReadonlyMap<string, ReadonlySet<string>> {
  const grants = new Map<string, Set<string>>();
  for (const { type, name, actions } of accessOf(token)) {
    if (actions.length === 0) continue;
    const key = `${type}:${name}`;
    grants.set(key, new Set([...(grants.get(key) ?? []), ...actions]));
  }
  return grants;
}

/** Whether a registry would allow the action (distribution registry/auth/token/types.go). */
export function allows(token: Token, type: string, name: string, action: string): boolean {
  const actions = grantsOf(token).get(`${type}:${name}`);
  return actions !== undefined && (actions.has(action) || actions.has('*'));
}
