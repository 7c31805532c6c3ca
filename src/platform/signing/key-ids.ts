/** The two ids by which registries know a key. */
import { createHash } from 'node:crypto';
import type { KeyObject, webcrypto } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const LIBTRUST_BYTES = 30;

/**
 * The libtrust key id, which distribution 2 looks a `kid` up by: the first 240 bits of the SHA-256 of the public key
 * (SPKI, DER) in base32, in twelve groups of four (distribution's spec/auth/jwt.md, "kid").
 */
export function libtrustKeyId(publicKey: KeyObject): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(spki).digest().subarray(0, LIBTRUST_BYTES);
  return (base32(digest).match(/.{4}/g) ?? []).join(':');
}

/** The JWK thumbprint (RFC 7638; RFC 8037 for Ed25519), which distribution 3 looks a `kid` up by. */
export function thumbprint(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(JSON.stringify(requiredMembers(publicKey.export({ format: 'jwk' }))))
    .digest('base64url');
}

/** The members that RFC 7638 requires, in lexicographic order. */
function requiredMembers({ kty, crv, e, n, x, y }: webcrypto.JsonWebKey): Readonly<Record<string, string | undefined>> {
  switch (kty) {
    case 'RSA':
      return { e, kty, n };
    case 'EC':
      return { crv, kty, x, y };
    case 'OKP':
      return { crv, kty, x };
    case undefined:
    default:
      throw new Error(`a key of type ${kty} has no thumbprint`);
  }
}

/**
 * Whether distribution 3.1 computes a thumbprint of this key that differs from RFC 7638: it drops leading zero bytes of
 * the coordinates of an EC key. About one key in 128 has them.
 */
export function hasLeadingZeroCoordinate(publicKey: KeyObject): boolean {
  const { kty, x, y } = publicKey.export({ format: 'jwk' });
  return kty === 'EC' && [x, y].some((coordinate) => Buffer.from(coordinate ?? '', 'base64url')[0] === 0);
}

function base32(bytes: Uint8Array): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  const length = (bytes.length * 8) / 5;
  return Array.from({ length }, (_, index) => BASE32[Number((bits >> BigInt(5 * (length - 1 - index))) & 31n)]).join(
    '',
  );
}
