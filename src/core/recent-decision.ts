/** A request for a token, or one that was denied to a proxy, as a broker has it in memory for the pages of the console. */
import type { AccessRefusal } from './access-refusal.ts';
import type { Reason } from './access.ts';
import type { ErrorCode } from './errors.ts';
import type { Identity } from './identity.ts';
import type { Scope } from './scope.ts';
import type { StoredLimit } from './token-limits.ts';

export interface RecentDecision {
  readonly requestId: string;
  /** A request to a registry that a proxy has asked about. Absent: a request for a token. */
  readonly endpoint?: 'forward-auth';
  /** Epoch seconds. */
  readonly at: number;
  /** The user; where no token was issued, the name as typed, or the owner of a refused refresh token. */
  readonly username?: string;
  /** Why there is no user name: the request had no credential, or nobody knows whose it was. */
  readonly nobody?: 'anonymous' | 'unknown';
  /** The backend of the user. Absent: a name as typed, or no name. */
  readonly backend?: string;
  /** The credential that stood for the user. Absent: the password, or a token of the backend. */
  readonly via?: { readonly kind: string; readonly name?: string };
  readonly service: string;
  /** The address of the client. */
  readonly client: string;
  readonly scopes: readonly RecentScope[];
  /** The number of scopes that are not listed. */
  readonly unlisted: number;
  /** The registry token that was issued; with forward-auth, the one that did not grant enough. */
  readonly tokenId?: string;
  /** The revision of the policy that decided. Absent: nothing was decided. */
  readonly policyRevision?: string;
  /** Why no token was issued, or why the proxy was answered so. */
  readonly refusal?: {
    readonly code: ErrorCode | AccessRefusal;
    readonly cause: string;
    /** The backend that has refused the login. Absent: none has, or it was refused for another reason. */
    readonly backend?: string;
  };
}

/** The user name; `anonymous` and `unknown` where there is none. */
export function whoText({ username, nobody = 'unknown' }: Pick<RecentDecision, 'username' | 'nobody'>): string {
  return username ?? nobody;
}

/**
 * Decisions of a user who was authenticated, requests without a user name, and refused logins with a name. Those of one
 * class do not displace those of the others beyond its share.
 */
export type DecisionClass = (typeof DECISION_CLASSES)[number];
export const DECISION_CLASSES = ['user', 'nameless', 'refused'] as const;

interface RecentScope {
  readonly asked: Scope;
  readonly granted: readonly string[];
  /** What the rules grant and the limits of the credential exclude. */
  readonly limited: readonly string[];
  readonly because: readonly Reason[];
}

/** Which decisions are meant; an empty text means all. */
export interface DecisionFilter {
  /** A part of the user name. */
  readonly person: string;
  /** A part of the name of a repository. */
  readonly repository: string;
  /** Only those that granted less than was asked for, or nothing. */
  readonly isRefusedOnly: boolean;
  /** Only those of a class. Absent: all. */
  readonly kind?: DecisionClass;
}

/** A decision with what it depends on, to make it again. */
export interface RepeatableDecision {
  /** A `RecentDecision` as JSON. */
  readonly text: string;
  /** Undefined: the caller is not recorded, because there was no room for its groups, attributes and limits. */
  readonly caller: RecordedCaller | undefined;
}

export interface RecordedCaller {
  /** Absent: anonymous. */
  readonly identity?: Identity;
  /** The limits of the credential. Absent: it had none. */
  readonly limits?: readonly StoredLimit[];
}

export interface RecentDecisions {
  /** Those that match, the latest first, and how many more match. */
  find(filter: DecisionFilter, most: number): { readonly found: readonly RecentDecision[]; readonly more: number };
  /** The decision of a request, where it is still known. */
  byRequest(requestId: string): RecentDecision | undefined;
  /** The latest decision with which a registry token was issued, where it is still known. */
  byToken(tokenId: string): RecentDecision | undefined;
  /** Every decision on a token that was issued, the latest first. */
  repeatable(): readonly RepeatableDecision[];
  readonly capacity: number;
  /** How many decisions are known. */
  count(): number;
  /** The time from which on all decisions of some classes are known; default: of all classes. Epoch seconds. */
  since(classes?: readonly DecisionClass[]): number;
}
