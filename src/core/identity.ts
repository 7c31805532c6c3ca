/**
 * The caller of a request: people, their groups and their credentials.
 *
 * `core` holds types and rules and imports nothing: no package, no `node:` module, no clock.
 */

import type { ApiAccess, TokenLimit } from './token-limits.ts';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** The canonical name of a user, as a backend gave it. `{user}` and `users` in a policy refer to it. */
export type Username = Branded<string, 'Username'>;

/** The name of a group as policy compares it: a plain name, or a DN in canonical form (see `groupName`). */
export type GroupName = Branded<string, 'GroupName'>;

/** A user, as authenticated by a backend. */
export interface Identity {
  readonly username: Username;
  readonly groups: ReadonlySet<GroupName>;
  /** The configured name of the backend that authenticated the user. */
  readonly backend: string;
  /**
   * Whether the names come from a directory that ignores case (LDAP). The backend converts them to lower case, and the
   * policy converts its own names to lower case before it compares.
   */
  readonly caseless: boolean;
  /** Values for placeholders, keyed as a policy writes them: `attr:department`, `claim:tenant`. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  /**
   * Epoch seconds at which this login ends, because it was made with a token that expires then. No token issued for it
   * expires later, and none can be renewed without a new login.
   */
  readonly notAfter?: number;
  /**
   * The account at its backend, as an id that survives a rename and is never reused for another account: an entryUUID,
   * an objectGUID. Absent where the backend has no such id.
   */
  readonly subject?: string;
}

/** The sender of a token request. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user';
      readonly identity: Identity;
      /** Whether an earlier login stands in for a backend that is down. */
      readonly stale?: boolean;
      /** The credential that stands for the user. Absent: the password, or a token that the backend itself accepted. */
      readonly via?: Via;
    };

/** A credential that Fairlead issued for a user, and by which the user authenticated. */
export interface Via {
  readonly kind: 'refresh-token' | 'personal-token' | 'session';
  /** Its public id, as lists and logs show it. */
  readonly id: string;
  /** The name that its owner gave it. Personal tokens have one. */
  readonly name?: string;
  /** Of a token of a robot: the user who created it. */
  readonly createdBy?: string;
  /** Absent: no limits. An empty list allows nothing. */
  readonly limits?: readonly TokenLimit[];
  /** What it may do at the API. Absent: nothing. */
  readonly api?: ApiAccess;
  /** Epoch seconds at which it expires. No token issued for it expires later. Absent: it has no end of its own. */
  readonly expiresAt?: number;
}

export const ANONYMOUS: Caller = { kind: 'anonymous' };

/** @returns undefined for an anonymous caller */
export function identityOf(caller: Caller): Identity | undefined {
  return caller.kind === 'user' ? caller.identity : undefined;
}

/**
 * A value that must never be printed. Every conversion to text gives `[secret]`.
 *
 * The questions below are answered without revealing it, so that `reveal()` is called only where the value is compared,
 * hashed or sent; an architecture test lists those files.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the code that compares, hashes or sends it. */
  reveal(): string {
    return this.#value;
  }

  isEmpty(): boolean {
    return this.#value === '';
  }

  /** Whether it contains a NUL character, which C libraries take for the end of the text. */
  hasNul(): boolean {
    return this.#value.includes('\0');
  }

  /** @param test a question about the form of the text, such as `isToken` */
  matches(test: (text: string) => boolean): boolean {
    return test(this.#value);
  }

  toString(): '[secret]' {
    return '[secret]';
  }

  toJSON(): '[secret]' {
    return '[secret]';
  }

  /** What `console.log` and winston print in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): '[secret]' {
    return '[secret]';
  }
}

/** What a client sent: a user name that nobody has verified, and a password. */
export interface Credential {
  readonly username: string;
  readonly password: Secret;
}

/** A secret that is read each time it is needed, because operators rotate secrets in place. */
export interface SecretSource {
  /** @throws BrokerError `backend_unavailable` when the file or variable does not exist any more. */
  read(): Promise<Secret>;
}

export function username(text: string): Username {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the only place that sets the brand
  return text as Username;
}
