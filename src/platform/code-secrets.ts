/** Codes and their digests. */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { CodeSecrets } from '../core/approval.ts';
import { USER_CODE_ALPHABET, USER_CODE_LENGTH } from '../core/device-request.ts';
import { Secret } from '../core/identity.ts';

export const codeSecrets: CodeSecrets = {
  make: () => new Secret(randomBytes(32).toString('base64url')),
  digest: (secret) => createHash('sha256').update(secret.reveal()).digest('hex'),
  makeUserCode: () =>
    Array.from({ length: USER_CODE_LENGTH }, () => USER_CODE_ALPHABET[randomInt(USER_CODE_ALPHABET.length)]).join(''),
  challengeOf: (verifier) => createHash('sha256').update(verifier.reveal()).digest('base64url'),
};
