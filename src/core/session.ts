/**
 * Sessions of people who have signed in with a browser. The cookie is a random secret, and the record of the session is
 * stored under its digest. What the person may do is never in the record: it is looked up at each use.
 */
import type { Secret, Via } from './identity.ts';
import { parseIdentity } from './identity-record.ts';
import type { IdentityRecord } from './identity-record.ts';
import { areTexts, areWholeNumbers, fieldsOf, USE_TIMES } from './record-fields.ts';

/** How long sessions live, in seconds. */
export interface SessionLimits {
  /** From the last use. */
  readonly idle: number;
  /** From the sign-in. */
  readonly absolute: number;
}

/** Sessions of one person. One more ends the session with the oldest last use. */
export const MAX_SESSIONS = 20;

/** The stored record of a session: everything but the cookie. Times are epoch seconds. */
export interface Session {
  /** The configured name of the backend that has the account. */
  readonly backend: string;
  /** `Identity.subject` of the sign-in; empty where the backend has no such id. */
  readonly subject: string;
  /** The user name as typed, or as the provider gave it. */
  readonly login: string;
  /** The canonical name, for display. */
  readonly username: string;
  /** The person as of the sign-in, where the backend cannot look up the account again. */
  readonly identity?: IdentityRecord;
  /** The backend of the sign-in, which may be another than that of the account. */
  readonly signedInAt: SignedInAt;
  /** The client address of the sign-in. */
  readonly client: string;
  /** The browser, by the name that it sends. */
  readonly program: string;
  readonly createdAt: number;
  /** Accurate to the minute. */
  readonly usedAt: number;
  readonly expiresAt: number;
}

/** Where a person signed in. */
export interface SignedInAt {
  readonly backend: string;
  /** At an OpenID provider: the session there (`sid`) and the person (`sub`), for logouts that the provider announces. */
  readonly sid?: string;
  readonly sub?: string;
  /** Epoch seconds when the person proved there who they are (`auth_time`); absent: the provider has not said. */
  readonly authTime?: number;
}

/** What somebody who has signed in may see of a session. */
export interface SessionSummary {
  readonly id: string;
  readonly session: Session;
  /** Whether it is the session of the request. */
  readonly isCurrent: boolean;
}

/** Makes the secrets of session cookies, and the digests under which sessions are stored. */
export interface SessionSecrets {
  /** 256 random bits as base64url. */
  make(): Secret;
  digest(cookie: Secret): string;
}

const SHAPE = /^[\w-]{43}$/;

/** Whether a text has the form of the cookie of a session. */
export function isSessionCookie(text: string): boolean {
  return SHAPE.test(text);
}

/** The public id of a session, for people and logs: the start of its digest. */
export function sessionId(digest: string): string {
  return digest.slice(0, 12);
}

export function viaSession(id: string): Via {
  return { kind: 'session', id };
}

/** Whose a session is. Two sessions with the same owner belong to one person. */
export function sessionOwner({
  backend,
  subject,
  username,
}: Pick<Session, 'backend' | 'subject' | 'username'>): string {
  return JSON.stringify(subject === '' ? [backend, 'name', username] : [backend, 'subject', subject]);
}

/**
 * Epoch seconds when the person proved who they are; 0: not known. A provider may sign somebody in without asking for
 * anything, so the time of such a sign-in proves nothing.
 */
export function authenticatedAt({ createdAt, signedInAt }: Pick<Session, 'createdAt' | 'signedInAt'>): number {
  const { sub, authTime = 0 } = signedInAt;
  return sub === undefined ? createdAt : Math.min(createdAt, authTime);
}

const TEXTS = ['backend', 'subject', 'login', 'username', 'client', 'program'] as const;

/** Reads a stored record; undefined when it is not one. */
export function parseSession(json: unknown): Session | undefined {
  const fields = fieldsOf(json);
  if (fields === undefined || !areTexts(fields, TEXTS) || !areWholeNumbers(fields, USE_TIMES)) return undefined;
  const identity = fields.get('identity');
  if (identity !== undefined && parseIdentity(identity) === undefined) return undefined;
  if (!isSignedInAt(fields.get('signedInAt'))) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field has just been checked
  return json as Session;
}

function isSignedInAt(value: unknown): boolean {
  const fields = fieldsOf(value);
  if (fields === undefined || !areTexts(fields, ['backend'])) return false;
  const authTime = fields.get('authTime');
  return (
    ['sid', 'sub'].every((name) => ['string', 'undefined'].includes(typeof fields.get(name))) &&
    (authTime === undefined || Number.isSafeInteger(authTime))
  );
}
