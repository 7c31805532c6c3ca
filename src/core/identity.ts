/**
 * Who is asking: the words for people, their groups and their credentials.
 *
 * The room `core` holds words and rules and imports nothing: no package, no `node:` module, no clock.
 */

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** The canonical name of a user, as a backend gave it; what `{user}` and a policy's `users` speak of. */
export type Username = Branded<string, 'Username'>;

/** The name of a group as policy compares it: a plain name, or a DN in canonical form (see `groupName`). */
export type GroupName = Branded<string, 'GroupName'>;

/** A user whom a backend has authenticated. */
export interface Identity {
  readonly username: Username;
  readonly groups: ReadonlySet<GroupName>;
  /** The configured name of the backend that vouches for this user. */
  readonly backend: string;
  /**
   * Whether the names come from a directory that compares without case (LDAP). They are lower-cased where they
   * enter, and policy compares them with its own names lower-cased too.
   */
  readonly caseless: boolean;
  /** Values for placeholders, keyed as a policy writes them: `attr:department`, `claim:tenant`. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  /**
   * Epoch seconds after which nothing may rest on this login any more: it was made with a token that ends then. What
   * is issued for it ends no later, and cannot be renewed without a new login.
   */
  readonly notAfter?: number;
  /**
   * The account at its backend, by what outlives a new name and is not given to the next who has the old one. Absent
   * where the backend knows nothing like it.
   */
  readonly subject?: string;
}

/** Whoever sent a token request. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user';
      readonly identity: Identity;
      /** Whether an earlier login stands in for a backend that is down. */
      readonly stale?: boolean;
    };

export const ANONYMOUS: Caller = { kind: 'anonymous' };

/** A value that must never be printed. Every way of turning it into text gives `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that must compare or send it. */
  reveal(): string {
    return this.#value;
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

/** What a client typed: a name that is only a claim, and a password. */
export interface Credential {
  readonly username: string;
  readonly password: Secret;
}

/** A value read again whenever it is needed, because operators rotate secrets in place. */
export interface SecretSource {
  /** @throws BrokerError `backend_unavailable` when the file or variable has gone. */
  read(): Promise<Secret>;
}

export function username(text: string): Username {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where the brand is given
  return text as Username;
}
