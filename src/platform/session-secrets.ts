/** Cookies of sessions and their digests. Nobody can guess 256 random bits, so a plain SHA-256 is enough. */
import { createHash, randomBytes } from 'node:crypto';
import { Secret } from '../core/identity.ts';
import type { SessionSecrets } from '../core/session.ts';

export const sessionSecrets: SessionSecrets = {
  make: () => new Secret(randomBytes(32).toString('base64url')),
  digest: (cookie) => createHash('sha256').update(cookie.reveal()).digest('hex'),
};
