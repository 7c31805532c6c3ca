/**
 * Personal tokens: a password that its owner makes for one machine or program. Each use looks the owner up again, and
 * grants what the owner may do at that moment within the limits of the token.
 *
 * The text is `flp_`, 43 characters of base62 (256 random bits) and 6 characters of base62 with the CRC-32 of all before
 * them. The checksum shows that a token was damaged when it was copied, and lets a secret scanner verify what it finds.
 */
import type { KnownAccount } from './account.ts';
import { parseClientRange } from './client-range.ts';
import { PERSONAL_TOKEN_PREFIX } from './fairlead-prefix.ts';
import { areTexts, areWholeNumbers, fieldsOf } from './record-fields.ts';
import type { RecordFields } from './record-fields.ts';
import { parseStoredLimits } from './token-limits.ts';
import type { ApiAccess, StoredLimit } from './token-limits.ts';

export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^43 is a little more than 2^256. */
export const RANDOM_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
/** The form of a token, without anchors: what secret scanners search for. */
export const PERSONAL_TOKEN_PATTERN = `${PERSONAL_TOKEN_PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}`;
const SHAPE = new RegExp(`^${PERSONAL_TOKEN_PATTERN}$`);

/** Whether a text is a personal token: its form is right, and its checksum fits. */
export function isPersonalToken(text: string): boolean {
  return SHAPE.test(text) && checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** @param random `RANDOM_LENGTH` characters of `BASE62`, each as likely as any other */
export function personalTokenText(random: string): string {
  const text = `${PERSONAL_TOKEN_PREFIX}${random}`;
  return `${text}${checksumOf(text)}`;
}

function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = (BASE62[rest % BASE62.length] ?? '') + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}

/** CRC-32 as in ISO 3309 and zlib, of ASCII text. */
function crc32(text: string): number {
  let crc = 0xffff_ffff;
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

/** The public id of a token, for people and logs: the start of its digest, from which nobody can find the token. */
export function personalTokenId(digest: string): string {
  return digest.slice(0, 12);
}

/** An account at a backend, as it was when a token was made for it. */
export interface AccountOwner extends KnownAccount {
  readonly kind: 'account';
}

/** A robot, and who made the token for it. */
export interface RobotOwner {
  readonly kind: 'robot';
  /** Its name in the configuration, without `robot:`. */
  readonly robot: string;
  readonly createdBy: AccountOwner;
}

/** Whose rights a token has. */
export type TokenOwner = AccountOwner | RobotOwner;

/** The stored record of a personal token: everything but the token itself. Times are epoch seconds. */
export interface PersonalToken {
  readonly owner: TokenOwner;
  /** The name that its owner gave it. */
  readonly name: string;
  /** Absent: no limits, all that the owner may do. An empty list allows nothing at any registry. */
  readonly limits?: readonly StoredLimit[];
  /** Absent: no access to the API, whatever the limits. */
  readonly api?: ApiAccess;
  /** Addresses and CIDRs of the clients that may use it. Absent: all clients. */
  readonly networks?: readonly string[];
  readonly createdAt: number;
  /** Who made it: a user name, or `operator`. */
  readonly createdBy: string;
  /** Accurate to the minute. Absent: never used. */
  readonly usedAt?: number;
  /** The client address of the last use. */
  readonly usedFrom?: string;
  readonly expiresAt: number;
}

/**
 * Epoch seconds at which a token ends.
 *
 * @param maxLifetime seconds, of the configuration now: a shorter one also ends tokens that were made before
 */
export function endOfPersonalToken(
  { createdAt, expiresAt }: Pick<PersonalToken, 'createdAt' | 'expiresAt'>,
  maxLifetime: number,
): number {
  return Math.min(expiresAt, createdAt + maxLifetime);
}

/** Characters of a name. */
export const MAX_TOKEN_NAME = 64;
const NAME = new RegExp(`^(?! )[^\\p{C}\\p{Zl}\\p{Zp}]{1,${MAX_TOKEN_NAME}}(?<! )$`, 'u');

/** @returns what is wrong with the name of a token, as a sentence; undefined: nothing */
export function tokenNameProblem(name: string): string | undefined {
  if (NAME.test(name)) return undefined;
  return `expected a name of 1 to ${MAX_TOKEN_NAME} characters, without control characters and without spaces at its ends`;
}

/** Most networks of a token. */
export const MAX_TOKEN_NETWORKS = 32;

/** Whether a client may use a token with these networks. A client without a known address may not. */
export function isInNetworks(networks: readonly string[] | undefined, client: string): boolean {
  if (networks === undefined) return true;
  return networks.some((text) => {
    const range = parseClientRange(text);
    return typeof range !== 'string' && range.contains(client);
  });
}

/** Reads a stored record; undefined when it is not one. A record that this version cannot read is refused, never widened. */
export function parsePersonalToken(json: unknown): PersonalToken | undefined {
  const fields = fieldsOf(json);
  if (
    fields === undefined ||
    !areTexts(fields, ['name', 'createdBy']) ||
    !areWholeNumbers(fields, ['createdAt', 'expiresAt'])
  )
    return undefined;
  if (!isOwner(fields.get('owner'))) return undefined;
  if (!isOptional(fields.get('limits'), (limits) => typeof parseStoredLimits(limits) !== 'string')) return undefined;
  if (!isOptional(fields.get('api'), (api) => api === 'read' || api === 'admin')) return undefined;
  if (!isOptional(fields.get('networks'), isNetworks)) return undefined;
  if (!isOptional(fields.get('usedAt'), Number.isSafeInteger)) return undefined;
  if (!isOptional(fields.get('usedFrom'), (from) => typeof from === 'string')) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field has just been checked
  return json as PersonalToken;
}

function isOptional(value: unknown, isValid: (value: unknown) => boolean): boolean {
  return value === undefined || isValid(value);
}

function isNetworks(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((text: unknown) => typeof text === 'string' && typeof parseClientRange(text) !== 'string')
  );
}

function isOwner(json: unknown): boolean {
  const fields = fieldsOf(json);
  switch (fields?.get('kind')) {
    case 'account':
      return isAccount(fields);
    case 'robot': {
      const creator = fieldsOf(fields?.get('createdBy'));
      return typeof fields?.get('robot') === 'string' && creator?.get('kind') === 'account' && isAccount(creator);
    }
    default:
      return false;
  }
}

function isAccount(fields: RecordFields | undefined): boolean {
  return fields !== undefined && areTexts(fields, ['backend', 'subject', 'login', 'username']);
}
