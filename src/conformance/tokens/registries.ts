/**
 * How registries find the key of a token and verify its signature. Read in their sources, and compared with the programs
 * by the vectors in `vectors/tokens.json`.
 */
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isObject } from '../../core/is-object.ts';
import { leadsTo, readChain } from './chain.ts';
import { libtrustId, thumbprint30, thumbprint31 } from './key-ids.ts';
import { ALGORITHMS, isSignedBy } from './signature.ts';
import type { Token } from './token.ts';
import type { Trust } from './trust.ts';

export const REGISTRIES = ['distribution-2.8', 'distribution-3.0', 'distribution-3.1', 'zot'] as const;
export type Registry = (typeof REGISTRIES)[number];

/**
 * @param now milliseconds since 1970
 * @returns undefined when the registry accepts the signature; else a sentence that says why it does not
 */
export function signatureProblem(registry: Registry, token: Token, trust: Trust, now: number): string | undefined {
  switch (registry) {
    case 'distribution-2.8':
      return distribution2(token, trust, now);
    case 'distribution-3.0':
      return distribution3(token, trust, now, thumbprint30);
    case 'distribution-3.1':
      return distribution3(token, trust, now, thumbprint31);
    case 'zot':
      return zot(token, trust);
  }
}

/** distribution 2.8.3, registry/auth/token/token.go: `x5c`, else `jwk`, else `kid`; the first that is present decides. */
function distribution2(token: Token, { certificates }: Trust, now: number): string | undefined {
  if (certificates === undefined) return 'it needs a bundle of certificates (rootcertbundle)';
  if (certificates.some(({ publicKey }) => !isKeyFor2(publicKey))) {
    return 'it does not start with this bundle: it reads RSA and EC keys only';
  }
  const { alg, x5c, jwk, kid } = token.header;
  if (typeof alg !== 'string' || !/^[RE]S/.test(alg)) return `it does not know the algorithm ${String(alg)}`;
  if (Array.isArray(x5c) && x5c.length > 0) return byChain(token, certificates, now);
  if (jwk !== undefined && jwk !== null) return byEmbeddedKey(token, certificates);
  const trusted = new Map(certificates.map(({ publicKey }) => [libtrustId(publicKey), publicKey]));
  return byId(token, kid, trusted, 'the libtrust id of the key');
}

function isKeyFor2({ asymmetricKeyType }: KeyObject): boolean {
  return asymmetricKeyType === 'rsa' || asymmetricKeyType === 'ec';
}

function byEmbeddedKey(token: Token, certificates: NonNullable<Trust['certificates']>): string | undefined {
  const { jwk } = token.header;
  const key = isObject(jwk) ? publicKeyOf(jwk) : undefined;
  if (key === undefined || !isObject(jwk)) return 'the key in the header (jwk) cannot be read';
  const id = libtrustId(key);
  if (jwk['kid'] !== undefined && jwk['kid'] !== id) return 'the kid in jwk is not the libtrust id of the key';
  const isTrusted = certificates.some(({ publicKey }) => publicKey.equals(key));
  if (!isTrusted) return 'the key in the header (jwk) is not in the bundle';
  return isSignedBy(token, key) ? undefined : 'the signature is not of the key in the header (jwk)';
}

function publicKeyOf(jwk: Readonly<Record<string, unknown>>): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** distribution 3, registry/auth/token/token.go: a token with `x5c` must verify by it, also where only `jwks` is configured. */
function distribution3(
  token: Token,
  { certificates = [], keySet = [] }: Trust,
  now: number,
  idOf: (key: KeyObject) => string | undefined,
): string | undefined {
  const { alg, x5c, jwk, kid } = token.header;
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) return `it does not know the algorithm ${String(alg)}`;
  if (Array.isArray(x5c) && x5c.length > 0) return byChain(token, certificates, now);
  const trusted = new Map<string, KeyObject>();
  for (const { publicKey } of certificates) {
    const id = idOf(publicKey);
    if (id !== undefined) trusted.set(id, publicKey);
  }
  for (const { kid: id, key } of keySet) if (id !== undefined && key !== undefined) trusted.set(id, key);
  const named = isObject(jwk) ? jwk['kid'] : kid;
  return byId(token, named, trusted, 'a thumbprint (RFC 7638) of the bundle or a kid of the key set');
}

function byChain(token: Token, roots: NonNullable<Trust['certificates']>, now: number): string | undefined {
  const chain = readChain(token.header['x5c']);
  if (typeof chain === 'string') return chain;
  if (roots.length === 0) return 'the token has x5c, which needs a bundle of certificates (rootcertbundle)';
  if (!leadsTo(chain, roots, now)) return 'the chain in x5c does not lead to the bundle, or a certificate has expired';
  return isSignedBy(token, chain[0].publicKey) ? undefined : 'the signature is not of the first certificate in x5c';
}

function byId(
  token: Token,
  kid: unknown,
  trusted: ReadonlyMap<string, KeyObject>,
  expected: string,
): string | undefined {
  if (typeof kid !== 'string' || kid === '') return 'the header has neither x5c nor kid';
  const key = trusted.get(kid);
  if (key === undefined) return `it knows no key with the kid ${JSON.stringify(kid)}; expected ${expected}`;
  return isSignedBy(token, key) ? undefined : 'the signature is not of the key that kid names';
}

/** zot 2.1.20, pkg/api/bearer.go: one key, and nothing in the header but `alg` counts. */
function zot(token: Token, { certificates = [], keySet = [] }: Trust): string | undefined {
  const { alg } = token.header;
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) return `it does not know the algorithm ${String(alg)}`;
  const keys = [...certificates.map(({ publicKey }) => publicKey), ...keySet.flatMap(({ key }) => key ?? [])];
  return keys.some((key) => isSignedBy(token, key)) ? undefined : 'the signature is of none of the trusted keys';
}
