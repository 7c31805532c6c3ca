/** The ids by which registries find keys. */
import { createHash } from 'node:crypto';
import type { KeyObject, webcrypto } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** distribution 2.8 (libtrust util.go): SHA-256 of the SPKI, its first 30 bytes in base32, in groups of four. */
export function libtrustId(key: KeyObject): string {
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
  return (base32(digest.subarray(0, 30)).match(/.{4}/g) ?? []).join(':');
}

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => BASE32[Number.parseInt(five, 2)]).join('');
}

/** The thumbprint of RFC 7638. */
export function thumbprint(key: KeyObject): string {
  return thumbprintOf(key.export({ format: 'jwk' }));
}

/**
 * distribution 3.0.0 computes the coordinates of an EC key from the generator of its curve (distribution#4683), so that
 * all keys of a curve have one id, and has no id for Ed25519.
 */
export function thumbprint30(key: KeyObject): string | undefined {
  const jwk = key.export({ format: 'jwk' });
  if (jwk.kty === 'OKP') return undefined;
  const generator = GENERATORS[jwk.crv ?? ''];
  return thumbprintOf(generator === undefined ? jwk : { ...jwk, ...generator });
}

/** distribution 3.1 drops leading zero bytes of the coordinates of an EC key. */
export function thumbprint31(key: KeyObject): string {
  const jwk = key.export({ format: 'jwk' });
  return thumbprintOf(jwk.kty === 'EC' ? { ...jwk, x: withoutZeros(jwk.x), y: withoutZeros(jwk.y) } : jwk);
}

function withoutZeros(coordinate = ''): string {
  const bytes = Buffer.from(coordinate, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(Math.max(first, 0)).toString('base64url');
}

function thumbprintOf({ kty = '', crv = '', x = '', y = '', e = '', n = '' }: webcrypto.JsonWebKey): string {
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** The generators of the curves (FIPS 186-4, appendix D.1.2), in hexadecimal. */
const GENERATORS: Readonly<Record<string, { readonly x: string; readonly y: string }>> = {
  'P-256': point(
    '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  ),
  'P-384': point(
    'aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7',
    '3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f',
  ),
  'P-521': point(
    'c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66',
    '011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650',
  ),
};

/** As Go writes a big integer: without leading zeros. */
function point(x: string, y: string): { readonly x: string; readonly y: string } {
  const encode = (hex: string): string =>
    withoutZeros(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url'));
  return { x: encode(x), y: encode(y) };
}
