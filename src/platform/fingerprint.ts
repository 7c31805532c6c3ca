/**
 * Keyed digests: SHA3-256 of the key and the texts. Unlike SHA-256, SHA-3 is a MAC with the key in front alone (NIST
 * SP 800-185, section 4), so that one call of OpenSSL replaces the two hashes and the object of an HMAC: a login takes up
 * to fourteen digests.
 */
import { hash, randomBytes } from 'node:crypto';
import { Secret } from '../core/identity.ts';
import type { Fingerprint } from '../core/ports.ts';

/** The key is made at the start and never leaves this process. */
export function createFingerprint(): Fingerprint {
  return keyedFingerprint(randomBytes(32));
}

/** @param key 32 bytes: keys of different lengths could make the same digest of different texts */
export function keyedFingerprint(key: Buffer): Fingerprint {
  const prefix = key.toString('base64url');
  return (...parts) => {
    let texts = prefix;
    for (const part of parts) {
      const text = part instanceof Secret ? part.reveal() : part;
      // With the lengths, ("ab", "c") and ("a", "bc") have different digests.
      texts += `${Buffer.byteLength(text)}:${text}`;
    }
    return hash('sha3-256', texts, 'base64url');
  };
}
