/** Keyed digests (HMAC-SHA-256, RFC 2104). The key is made at the start and never leaves this process. */
import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '../core/identity.ts';
import type { Fingerprint } from '../core/ports.ts';

export function createFingerprint(): Fingerprint {
  const key = randomBytes(32);
  return (...parts) => {
    const hmac = createHmac('sha256', key);
    for (const part of parts) {
      const text = part instanceof Secret ? part.reveal() : part;
      // With the lengths, ("ab", "c") and ("a", "bc") have different digests.
      hmac.update(`${Buffer.byteLength(text)}:`).update(text);
    }
    return hmac.digest('base64url');
  };
}
