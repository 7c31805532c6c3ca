/** Personal tokens and their digests. Nobody can guess 256 random bits, so a plain SHA-256 is enough. */
import { createHash, randomInt } from 'node:crypto';
import { Secret } from '../core/identity.ts';
import { BASE62, personalTokenText, RANDOM_LENGTH } from '../core/personal-token.ts';
import type { PersonalTokenSecrets } from '../core/ports.ts';

export const personalTokenSecrets: PersonalTokenSecrets = {
  make: (): Secret => new Secret(personalTokenText(randomText())),
  digest: (token: Secret): string => createHash('sha256').update(token.reveal()).digest('hex'),
};

function randomText(): string {
  return Array.from({ length: RANDOM_LENGTH }, () => BASE62[randomInt(BASE62.length)]).join('');
}
