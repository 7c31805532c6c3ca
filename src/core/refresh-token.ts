/**
 * Refresh tokens (RFC 6749, section 1.5), which docker calls identity tokens. A client stores one instead of the
 * password. It is bound to one account and one service, and is never replaced, because docker stores only the first.
 */
import { REFRESH_TOKEN_PREFIX } from './fairlead-prefix.ts';
import { areTexts, areWholeNumbers, fieldsOf, USE_TIMES } from './record-fields.ts';

/** How long the refresh tokens of a service live, in seconds, and how many one account may have. */
export interface RefreshTokenLimits {
  /** From its last use. */
  readonly idle: number;
  /** From the login it was issued for. */
  readonly absolute: number;
  readonly maxPerUser: number;
}

/** The stored record of a refresh token: everything but the token itself. Times are epoch seconds. */
export interface RefreshToken {
  readonly service: string;
  readonly backend: string;
  /** `Identity.subject` of the login. */
  readonly subject: string;
  /** The user name as typed at the login. */
  readonly login: string;
  /** The canonical name, for display. */
  readonly username: string;
  /** The client address of the login. */
  readonly client: string;
  /** The program, by the name that it sends: `docker`. */
  readonly clientId: string;
  readonly createdAt: number;
  /** Accurate to the minute. */
  readonly usedAt: number;
  readonly expiresAt: number;
}

/** The form of a token, without anchors: 256 random bits as base64url. */
export const REFRESH_TOKEN_PATTERN = `${REFRESH_TOKEN_PREFIX}[\\w-]{43}`;
const SHAPE = new RegExp(`^${REFRESH_TOKEN_PATTERN}$`);

/** Whether a text has the exact form of a refresh token. */
export function isRefreshToken(text: string): boolean {
  return SHAPE.test(text);
}

/** The public id of a token, for people and logs: the start of its digest, from which nobody can find the token. */
export function refreshTokenId(digest: string): string {
  return digest.slice(0, 12);
}

const TEXTS = ['service', 'backend', 'subject', 'login', 'username', 'client', 'clientId'] as const;

/** Reads a stored record; undefined when it is not one. */
export function parseRefreshToken(json: unknown): RefreshToken | undefined {
  const fields = fieldsOf(json);
  if (fields === undefined || !areTexts(fields, TEXTS) || !areWholeNumbers(fields, USE_TIMES)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field has just been checked
  return json as RefreshToken;
}
