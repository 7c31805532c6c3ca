/** Authorization codes (RFC 6749, section 4.1), for a program on the machine of the browser (RFC 8252). */
import { MAX_PORT } from './listen-address.ts';
import { isApprovedAccount } from './approval.ts';
import type { ApprovedAccount } from './approval.ts';
import { areTexts, areWholeNumbers, fieldsOf } from './record-fields.ts';

/** The stored record of a code: everything but the code itself. */
export interface AuthorizationCode {
  readonly state: 'unused' | 'used';
  readonly account: ApprovedAccount;
  readonly clientId: string;
  readonly service: string;
  /** Where the browser was sent with it. */
  readonly redirectUri: string;
  /** By the method `S256`. */
  readonly challenge: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** The program listens already, and redeems the code at once. */
export const CODE_SECONDS = 60;

const CODE = /^[\w-]{43}$/;
/** A digest of 256 bits as base64url (RFC 7636, section 4.2). */
const CHALLENGE = /^[\w-]{43}$/;
/** RFC 7636, section 4.1. */
const VERIFIER = /^[\w.~-]{43,128}$/;

/** Whether a text has the form of a code. */
export const isCode = (text: string): boolean => CODE.test(text);
export const isChallenge = (text: string): boolean => CHALLENGE.test(text);
export const isVerifier = (text: string): boolean => VERIFIER.test(text);

/** A loopback address, any port, one path (RFC 8252, section 7.3). `localhost` is not: it may be another machine. */
const REDIRECT = /^http:\/\/(?:127\.0\.0\.1|\[::1\]):([1-9]\d{0,4})\/callback$/;

/** Whether the browser may be sent there with a code. */
export function isLoopbackRedirect(uri: string): boolean {
  const port = REDIRECT.exec(uri)?.[1];
  return port !== undefined && Number(port) <= MAX_PORT;
}

/** Reads a stored record; undefined when it is not one. */
export function parseAuthorizationCode(json: unknown): AuthorizationCode | undefined {
  const fields = fieldsOf(json);
  if (fields === undefined || !areTexts(fields, ['clientId', 'service', 'redirectUri', 'challenge'])) return undefined;
  if (!areWholeNumbers(fields, ['expiresAt']) || !isApprovedAccount(fields.get('account'))) return undefined;
  if (!['unused', 'used'].some((state) => state === fields.get('state'))) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field has just been checked
  return json as AuthorizationCode;
}
