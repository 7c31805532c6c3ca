/**
 * What a person with a browser allows a program to do: to have a login of its own, as a refresh token. The program gets it
 * for a code, which is valid once and for a short time.
 */
import type { KnownAccount } from './account.ts';
import type { Secret } from './identity.ts';
import { areTexts, fieldsOf } from './record-fields.ts';

/** The account of the person. */
export interface ApprovedAccount extends KnownAccount {
  /** The public id of the session in which it was allowed. */
  readonly sessionId: string;
}

/** The only program that may ask: our own credential helper. It is a public client, without a secret. */
export const HELPER_CLIENT = 'docker-credential-fairlead';

/** Makes codes and the digests under which they are stored. */
export interface CodeSecrets {
  /** 256 random bits as base64url. */
  make(): Secret;
  digest(secret: Secret): string;
  /** A code that people type, see `USER_CODE_ALPHABET`. */
  makeUserCode(): string;
  /** The challenge of a verifier by the method `S256` (RFC 7636, section 4.2). */
  challengeOf(verifier: Secret): string;
}

const TEXTS = ['backend', 'subject', 'login', 'username', 'sessionId'] as const;

export function isApprovedAccount(json: unknown): json is ApprovedAccount {
  const fields = fieldsOf(json);
  return fields !== undefined && areTexts(fields, TEXTS);
}
