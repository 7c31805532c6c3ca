/** Keyed digests (HMAC-SHA-256, RFC 2104) under a key that is made at the start and never leaves this process. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Fingerprint } from '../core/store.ts';

export function createFingerprint(): Fingerprint {
  const key = randomBytes(32);
  return (...parts) => {
    const hmac = createHmac('sha256', key);
    // The lengths go in too: without them ("ab", "c") and ("a", "bc") would be the same text.
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part);
    return hmac.digest('base64url');
  };
}
