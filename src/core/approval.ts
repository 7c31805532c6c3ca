/**
 * What a person with a browser allows a program to do: to have a login of its own, as a refresh token. The program gets it
 * for a code, which is valid once and for a short time.
 */
import type { Secret } from './identity.ts';

/** The account of the person, as a session has it. */
export interface ApprovedAccount {
  /** The configured name of the backend that has the account. */
  readonly backend: string;
  /** `Identity.subject`. */
  readonly subject: string;
  /** The user name as typed, or as the provider gave it. */
  readonly login: string;
  /** The canonical name, for display. */
  readonly username: string;
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
  return hasTexts(json, TEXTS);
}

/** Whether a JSON value is an object with these texts. */
export function hasTexts(json: unknown, names: readonly string[]): json is object {
  if (typeof json !== 'object' || json === null) return false;
  const fields = new Map<string, unknown>(Object.entries(json));
  return names.every((name) => typeof fields.get(name) === 'string');
}

/** Whether a JSON value is an object with these whole numbers. */
export function hasNumbers(json: object, names: readonly string[]): boolean {
  const fields = new Map<string, unknown>(Object.entries(json));
  return names.every((name) => Number.isSafeInteger(fields.get(name)));
}
