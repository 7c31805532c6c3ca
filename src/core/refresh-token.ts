/**
 * Refresh tokens (RFC 6749, section 1.5), which docker calls identity tokens: kept by a client in its password's place,
 * bound to one account and one service, and never changed, because docker keeps the first it gets.
 */

/** How long the refresh tokens of a service live, in seconds, and how many one account may have. */
export interface RefreshTokenLimits {
  /** From its last use. */
  readonly idle: number;
  /** From the login it was issued for. */
  readonly absolute: number;
  readonly maxPerUser: number;
}

/** What is kept of a refresh token: all but the token. Times are epoch seconds. */
export interface RefreshToken {
  readonly service: string;
  readonly backend: string;
  /** `Identity.subject` of the login. */
  readonly subject: string;
  /** What was typed to log in. */
  readonly login: string;
  /** The canonical name, for people to read. */
  readonly username: string;
  /** The address that logged in. */
  readonly client: string;
  /** The program, as it names itself: `docker`. */
  readonly clientId: string;
  readonly createdAt: number;
  /** To the minute. */
  readonly usedAt: number;
  readonly expiresAt: number;
}

/** 256 random bits as base64url behind a prefix that scanners for leaked secrets can be told of; nothing needs encoding. */
export const REFRESH_TOKEN_PREFIX = 'flr_';
const SHAPE = new RegExp(`^${REFRESH_TOKEN_PREFIX}[\\w-]{43}$`);

export function isRefreshToken(text: string): boolean {
  return SHAPE.test(text);
}

/** By what people and logs name a token: some of its digest, which leads nowhere near the token. */
export function refreshTokenId(digest: string): string {
  return digest.slice(0, 12);
}

export function expiryOf(
  { createdAt, usedAt }: Pick<RefreshToken, 'createdAt' | 'usedAt'>,
  { idle, absolute }: RefreshTokenLimits,
): number {
  return Math.min(usedAt + idle, createdAt + absolute);
}

const TEXTS = ['service', 'backend', 'subject', 'login', 'username', 'client', 'clientId'] as const;
const TIMES = ['createdAt', 'usedAt', 'expiresAt'] as const;

/** Reads what a store held; undefined when it is none. */
export function parseRefreshToken(json: unknown): RefreshToken | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(json));
  if (!TEXTS.every((name) => typeof fields.get(name) === 'string')) return undefined;
  if (!TIMES.every((name) => Number.isSafeInteger(fields.get(name)))) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field has just been looked at
  return json as RefreshToken;
}
