/** Requests of programs without a browser (RFC 8628): a person types the code of one in a browser, anywhere. */
import { isApprovedAccount } from './approval.ts';
import type { ApprovedAccount } from './approval.ts';
import { Secret } from './identity.ts';
import { areTexts, areWholeNumbers, fieldsOf } from './record-fields.ts';

const STATES = ['pending', 'approved', 'denied', 'used'] as const;

/** The stored record of a request, under the digest of its user code. Times are epoch seconds. */
export interface DeviceRequest {
  readonly state: (typeof STATES)[number];
  /** Of the secret half of the device code. */
  readonly secretDigest: string;
  readonly clientId: string;
  readonly service: string;
  /** The client address of the program. */
  readonly client: string;
  readonly expiresAt: number;
  /** Seconds between two polls. It grows with each poll that comes too early. */
  readonly interval: number;
  /** The last poll; 0: none yet. */
  readonly polledAt: number;
  /** Present once it is approved. */
  readonly account?: ApprovedAccount;
}

export const DEVICE_SECONDS = 600;
export const POLL_SECONDS = 5;
/** Open requests of an address, of which wider networks have a multiple, and in all. Nobody has to sign in to make one. */
export const MAX_OPEN_OF_NETWORK = 10;
export const MAX_OPEN = 1_000;
/** Wrong codes that one session, and one network, may type within the life of a code. */
export const MAX_WRONG_CODES = 5;

/** Consonants that cannot be confused and make no words (RFC 8628, section 6.1): 34 bits in eight of them. */
export const USER_CODE_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
export const USER_CODE_LENGTH = 8;
const USER_CODE = /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/;

/** A typed code in its canonical form: people add spaces and hyphens, and type small letters. Undefined: it is none. */
export function parseUserCode(typed: string): string | undefined {
  const code = typed.toUpperCase().replaceAll(/[\s\p{Pd}_.]/gu, '');
  return USER_CODE.test(code) ? code : undefined;
}

/** As people read it: `BDWP-HQPK`. */
export function showUserCode(code: string): string {
  return `${code.slice(0, USER_CODE_LENGTH / 2)}-${code.slice(USER_CODE_LENGTH / 2)}`;
}

/**
 * What the program polls with: the user code, by which the record is found, and a secret. Whoever has only seen the user
 * code cannot poll.
 */
interface DeviceCode {
  readonly userCode: string;
  readonly secret: Secret;
}

export function parseDeviceCode(text: string): DeviceCode | undefined {
  const [, userCode = '', secret] = /^([A-Z]{8})\.([\w-]{43})$/.exec(text) ?? [];
  if (secret === undefined || !USER_CODE.test(userCode)) return undefined;
  return { userCode, secret: new Secret(secret) };
}

/** Wrong codes that were typed, by session and by network. */
export interface CodeGuesses {
  readonly wrong: number;
}

export function parseCodeGuesses(json: unknown): CodeGuesses | undefined {
  const fields = fieldsOf(json);
  if (fields === undefined || !areWholeNumbers(fields, ['wrong'])) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its only field has just been checked
  return json as CodeGuesses;
}

/** Reads a stored record; undefined when it is not one. */
export function parseDeviceRequest(json: unknown): DeviceRequest | undefined {
  const fields = fieldsOf(json);
  if (fields === undefined || !areTexts(fields, ['secretDigest', 'clientId', 'service', 'client'])) return undefined;
  if (!areWholeNumbers(fields, ['expiresAt', 'interval', 'polledAt'])) return undefined;
  if (!STATES.some((state) => state === fields.get('state'))) return undefined;
  if (fields.has('account') && !isApprovedAccount(fields.get('account'))) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field has just been checked
  return json as DeviceRequest;
}
