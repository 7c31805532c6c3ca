/** Refresh tokens and their digests. Nobody can guess 256 random bits, so a plain SHA-256 is enough. */
import { createHash, randomBytes } from 'node:crypto';
import { Secret } from '../core/identity.ts';
import type { RefreshTokenSecrets } from '../core/ports.ts';
import { REFRESH_TOKEN_PREFIX } from '../core/fairlead-prefix.ts';

export const refreshTokenSecrets: RefreshTokenSecrets = {
  make: (): Secret => new Secret(`${REFRESH_TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`),
  digest: (token: Secret): string => createHash('sha256').update(token.reveal()).digest('hex'),
};
