/** Signatures of tokens (RFC 7518, section 3, and RFC 8037). */
import { constants, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Token } from './token.ts';

const CURVES: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

/** The algorithms with a public key that distribution 3 and zot accept. distribution 2.8: `RS*` and `ES*` only. */
export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA'];

/** Whether the key signed the token with the algorithm that the header names. */
export function isSignedBy(token: Token, key: KeyObject): boolean {
  const { alg } = token.header;
  if (typeof alg !== 'string' || !fits(alg, key)) return false;
  try {
    return verifies(alg, token, key);
  } catch {
    // A signature of a form that OpenSSL does not take.
    return false;
  }
}

function verifies(alg: string, { signed, signature }: Token, key: KeyObject): boolean {
  const data = Buffer.from(signed);
  if (alg === 'EdDSA') return verify(undefined, data, key, signature);
  const hash = `sha${alg.slice(2)}`;
  if (alg.startsWith('ES')) return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (alg.startsWith('RS')) return verify(hash, data, key, signature);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return verify(hash, data, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature);
}

function fits(alg: string, key: KeyObject): boolean {
  if (!ALGORITHMS.includes(alg)) return false;
  if (alg === 'EdDSA') return key.asymmetricKeyType === 'ed25519';
  if (alg.startsWith('ES'))
    return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === CURVES[alg];
  return key.asymmetricKeyType === 'rsa';
}
