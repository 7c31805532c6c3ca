/** Refresh tokens and their digests. Of 256 random bits a plain SHA-256 is enough: there is nothing to guess. */
import { createHash, randomBytes } from 'node:crypto';
import { Secret } from '../core/identity.ts';
import { REFRESH_TOKEN_PREFIX } from '../core/refresh-token.ts';

export const refreshTokenSecrets = {
  make: (): Secret => new Secret(`${REFRESH_TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`),
  digest: (token: Secret): string => createHash('sha256').update(token.reveal()).digest('hex'),
};
