/**
 * The ledger: answers to earlier logins, and attempts that are counted. Each method is one atomic step, so several
 * brokers can share one ledger. Keys are fingerprints; nothing can be read from them. Values are plain data (for an
 * identity see `identity-record.ts`), and times are durations by the clock of the ledger. One test suite is the contract
 * of all ledgers (`test/contract/ledger.ts`).
 */
import type { Identity } from './identity.ts';
import type { AuthnOutcome } from './outcome.ts';

/** What a limit protects: an account at its backend, the owner of a name as it was typed, or everybody from an address. */
export type BudgetKind = 'account' | 'name' | 'address';

/** How many wrong passwords are allowed. Attempts under way count as wrong until they are settled. */
export interface Budget {
  readonly kind: BudgetKind;
  readonly key: string;
  /**
   * What counts once in it while it is known to be wrong. Absent: the password of the reservation. In the budget of an
   * account, each attempt that was under way counts, as directories count.
   */
  readonly guess?: string;
  readonly limit: number;
  /** The limit for logins with this trust. Trust lifts the limits of one kind only. */
  readonly trusted?: { readonly by: 'password' | 'either' | 'both'; readonly limit: number };
  /** Seconds until wrong passwords do not count any more. */
  readonly window: number;
  /**
   * Whether a successful login clears the wrong passwords that were settled before it was admitted. If it does, the
   * window begins at the last wrong password, as directories count; otherwise at the first.
   */
  readonly isClearedBySuccess: boolean;
  /** Whether a login that another budget, or this one, refuses counts as well. */
  readonly countsRefused: boolean;
}

/** Fingerprints of what was correct recently: a password under a name, and a network from which a name logged in. */
export interface TrustKeys {
  readonly password: string;
  /** Absent where the network does not distinguish clients. */
  readonly network?: string;
}

/** An attempt under way. */
export interface Attempt {
  readonly id: string;
  readonly backend: string | undefined;
  /** One password under one name, which counts once; see `Budget.guess`. */
  readonly password: string;
  /** A known wrong password, or a hold, that ends before the attempt is settled is not stored. */
  readonly epoch: number;
  readonly places: readonly { readonly budget: Budget; readonly sequence: number }[];
}

export interface Reservation {
  /** A new unique id. */
  readonly id: string;
  /** The backend whose flush clears the count; absent: only a flush of all backends does. */
  readonly backend?: string | undefined;
  readonly password: string;
  readonly budgets: readonly Budget[];
  readonly trust: TrustKeys;
  /** The account, which may be on hold. */
  readonly account?: string;
}

export type Reserved =
  | {
      readonly kind: 'go';
      readonly attempt: Attempt;
      /** How many attempts are under way in the fullest budget, including this one. */
      readonly inFlight: number;
      /** The same, with the wrong passwords that the budget counts. */
      readonly counted: number;
    }
  /** This password is already counted as wrong, in each of the budgets. */
  | { readonly kind: 'known' }
  | { readonly kind: 'on-hold' }
  /** Attempts under way use up a budget. One that succeeds makes room. */
  | { readonly kind: 'busy'; readonly isTrusted: boolean }
  | { readonly kind: 'full'; readonly budget: BudgetKind; readonly retryAfter: number };

/** The right of one caller to ask the backend for a login, while others wait for its answer. */
export interface Flight {
  readonly backend: string;
  readonly login: string;
  readonly id: string;
  /** Changes whenever something ends: an older answer is not stored. */
  readonly epoch: number;
}

export interface RecallQuestion {
  readonly backend: string;
  /** One password under one name at one backend. */
  readonly login: string;
  /** A new unique id, for the flight. */
  readonly id: string;
}

export type Recalled =
  | {
      readonly kind: 'success';
      readonly identity: Identity;
      /** Whether the budget of the name is used up, so that it must be asked first. */
      readonly isContested: boolean;
    }
  | { readonly kind: 'refused'; readonly outcome: AuthnOutcome }
  /** The caller asks the backend, and settles. `stale`: an older successful login, for the time of an outage. */
  | { readonly kind: 'lead'; readonly flight: Flight; readonly stale: Identity | undefined }
  /** Somebody else asks the backend. */
  | { readonly kind: 'wait' };

export type CachedAnswer =
  | {
      readonly kind: 'success';
      readonly identity: Identity;
      readonly account: string;
      /** The budget of the name, which is consulted when the answer is recalled. */
      readonly name: Budget | undefined;
      readonly freshSeconds: number;
      readonly seconds: number;
    }
  | { readonly kind: 'refusal'; readonly outcome: AuthnOutcome; readonly seconds: number };

export interface Settlement {
  /**
   * `success`: the password was correct. `wrong`: it was not. `none`: it was not tried, or there was no answer.
   */
  readonly outcome: 'success' | 'wrong' | 'none';
  readonly attempt?: Attempt | undefined;
  /** Seconds for which a wrong password counts once. */
  readonly knownSeconds?: number;
  /** Given after a success, and taken away after a wrong password. */
  readonly trust?: { readonly keys: TrustKeys; readonly seconds: number };
  /** The same answer for every password of the account. */
  readonly hold?: { readonly account: string; readonly seconds: number };
  readonly flight?: Flight;
  readonly answer?: CachedAnswer | undefined;
  /** The cached successful logins of this account end. */
  readonly endsLoginsOf?: string | undefined;
}

/** What ends at once: cached answers of a backend or of all, with the counts or without; or the logins of an account. */
export type Ended =
  | { readonly kind: 'answers' | 'answers-and-counts'; readonly backend?: string | undefined }
  | { readonly kind: 'account'; readonly account: string };

export interface Ledger {
  /** Whether other brokers settle attempts in it: a login that waits for an attempt has to ask again. Absent: no. */
  readonly isShared?: boolean;
  /**
   * The same ledger for one login. It limits how long the login waits, over all calls, and goes on without the counts of
   * other brokers after that. Absent: there is nothing to wait for.
   */
  forLogin?(): Ledger;
  recall(question: RecallQuestion): Promise<Recalled>;
  /** Counts an attempt before it is made. */
  reserve(reservation: Reservation): Promise<Reserved>;
  /** Each attempt is settled once; one that is not counts as wrong after `UNSETTLED_SECONDS`. */
  settle(settlement: Settlement): Promise<void>;
  end(ended: Ended): Promise<void>;
}

/** Longer than a login takes. */
export const UNSETTLED_SECONDS = 15;

/** For how long a ledger knows that the logins of an account have ended: longer than a login that began before can take. */
export const ENDED_SECONDS = 60;
