/** A stored login at a registry. */
import { Secret } from '../../core/identity.ts';

export interface StoredLogin {
  /** `<token>`, or the user name where a password is stored. */
  readonly username: string;
  readonly secret: Secret;
  /** The user, for display. */
  readonly account?: string;
  /** Seconds since 1970 when the token ends, however often it is used. Absent where it is not known. */
  readonly endsAt?: number;
  /** Where the token is revoked. */
  readonly revocationUrl?: string;
}

/** What a store has for a registry. A later version of this program, or a person, may have written what this one cannot read. */
export type StoredEntry = StoredLogin | 'unreadable';

/** The login as JSON. It contains the secret. */
export function loginToJson({ secret, ...login }: StoredLogin): Readonly<Record<string, unknown>> {
  return { ...login, secret: secret.reveal() };
}

export function loginFromJson(json: unknown): StoredEntry {
  if (typeof json !== 'object' || json === null) return 'unreadable';
  const { username, secret, account, endsAt, revocationUrl } = Object.fromEntries(Object.entries(json));
  if (typeof username !== 'string' || typeof secret !== 'string') return 'unreadable';
  return {
    username,
    secret: new Secret(secret),
    ...(typeof account === 'string' ? { account } : {}),
    ...(typeof endsAt === 'number' ? { endsAt } : {}),
    ...(typeof revocationUrl === 'string' ? { revocationUrl } : {}),
  };
}

export function hasEnded({ endsAt }: StoredLogin, now: number): boolean {
  return endsAt !== undefined && endsAt <= now;
}
