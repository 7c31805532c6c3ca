/** The audit events. A flow records each event once; the log and the metrics consume them. */
import type { AccessRefusal } from './access-refusal.ts';
import type { Grant } from './access.ts';
import type { ErrorCode, RefusalFields } from './errors.ts';
import type { Caller } from './identity.ts';
import type { BudgetKind } from './ledger.ts';
import type { RejectReason } from './outcome.ts';
import type { Scope } from './scope.ts';

/**
 * Where the answer to a login came from: the backend, the cache, an equal login in progress, or the cache during an
 * outage.
 */
export type AnswerSource = 'backend' | 'memory' | 'shared' | 'stale';

/** What identifies a request in the log. */
export interface RequestContext {
  readonly requestId: string;
  /** The address of the client, as reported by trusted proxies. */
  readonly client: string;
}

export type AuditEvent =
  | {
      readonly type: 'token.issued';
      readonly request: RequestContext;
      readonly caller: Caller;
      readonly service: string;
      /** The time of the decisions, in seconds since 1970-01-01T00:00:00Z. */
      readonly time: number;
      readonly grants: readonly Grant[];
      /** The caller's values of the attributes that the policy names. With the groups, all that it decides by. */
      readonly attributes: ReadonlyMap<string, readonly string[]>;
      /** Scope texts that could not be parsed and were ignored. */
      readonly malformed: readonly string[];
      /** What is probably wrong with the request, as sentences without a secret. */
      readonly hints?: readonly string[];
      readonly tokenId: string;
      /** Whether an earlier request was answered with this token. */
      readonly isReused: boolean;
      readonly policyRevision: string;
      readonly expiresIn: number;
    }
  | {
      /** Shadow mode: the same decisions by the shadow policy. */
      readonly type: 'policy.compared';
      readonly request: RequestContext;
      readonly caller: Caller;
      readonly service: string;
      readonly policyRevision: string;
      readonly shadowRevision: string;
      /** The number of equal decisions. */
      readonly same: number;
      readonly differing: readonly { readonly served: Grant; readonly shadow: Grant }[];
    }
  | ({
      readonly type: 'token.refused';
      readonly request: RequestContext;
      readonly code: ErrorCode;
      readonly service: string;
      /** The user name as typed, if any. */
      readonly username?: string;
      /** The request had no credential. A request that could not be read may have had one. */
      readonly isAnonymous?: boolean;
      /** The cause, for the operator. */
      readonly cause: string;
      /** What is probably wrong with the request, as sentences without a secret. */
      readonly hints?: readonly string[];
    } & RefusalFields)
  | {
      /** Forward-auth with user name and password: the decision on one request to a registry. */
      readonly type: 'access.decided';
      readonly request: RequestContext;
      readonly caller: Caller;
      readonly service: string;
      /** See `token.issued`. */
      readonly time: number;
      readonly grants: readonly Grant[];
      /** See `token.issued`. */
      readonly attributes: ReadonlyMap<string, readonly string[]>;
      readonly policyRevision: string;
    }
  | ({
      /** Forward-auth: the answer to a proxy. */
      readonly type: 'access.checked';
      readonly request: RequestContext;
      readonly service: string;
      readonly outcome: 'allowed' | AccessRefusal | ErrorCode;
      /** What the request needs. */
      readonly needs: readonly Scope[];
      /** The user of the token, or the user name as typed, if any. */
      readonly username?: string;
      /** The registry token that does not grant enough, and what it does not grant. */
      readonly tokenId?: string;
      readonly missing?: readonly Scope[];
      /** For the operator: why it is refused. */
      readonly cause?: string;
    } & RefusalFields)
  | {
      /** Takes back what was recorded as issued by the same request: it was not sent to the client. */
      readonly type: 'token.withheld';
      readonly request: RequestContext;
      /** The cause, for the operator. */
      readonly cause: string;
    }
  | {
      /** The issue, use or end of a refresh token. */
      readonly type: 'refresh-token';
      readonly request: RequestContext;
      readonly outcome: 'issued' | 'withheld' | 'accepted' | 'refused' | 'failed' | 'revoked';
      readonly service: string;
      /** See `refreshTokenId`; absent when there is no token. */
      readonly id?: string;
      /** The owner, where known. */
      readonly username?: string;
      readonly backend?: string;
      /** For the operator: why it was withheld or refused, or what failed. */
      readonly cause?: string;
    }
  | {
      /** The beginning or the end of a session of a browser. */
      readonly type: 'session';
      readonly request: RequestContext;
      /** `unrecorded`: the session is valid, and its last use could not be stored. */
      readonly outcome: 'opened' | 'ended' | 'unrecorded';
      /** See `sessionId`. */
      readonly id: string;
      readonly username: string;
      readonly backend: string;
      /** For the operator: why it ended, or what failed. */
      readonly cause?: string;
    }
  | {
      /** A step in the login of the credential helper: a person allows it in the browser. */
      readonly type: 'helper-login';
      readonly request: RequestContext;
      readonly method: 'browser' | 'device';
      /** `redeemed`: the helper has its login. `refused`: it gets none, although it has a code. */
      readonly outcome: 'asked' | 'approved' | 'denied' | 'redeemed' | 'refused';
      readonly service: string;
      /** The person, where known. */
      readonly username?: string;
      readonly backend?: string;
      /** The client address of the helper, where it is not the one of the request. */
      readonly asker?: string;
      /** For the operator: why it was refused. */
      readonly cause?: string;
    }
  | {
      /** A change by an operation of the API, or one that was refused. Operations that only read are not recorded. */
      readonly type: 'api';
      readonly request: RequestContext;
      readonly via: 'socket' | 'personal-token';
      readonly operation: string;
      /** `refused`: the token or its owner may not do it. */
      readonly outcome: 'done' | 'failed' | 'refused';
      /** The owner of the token. */
      readonly username?: string;
      /** The public id of the token. */
      readonly token?: string;
      /** Why it failed, for the operator. */
      readonly cause?: string;
    }
  | {
      /** An administrator tests the login of a user. Nobody is logged in by it. */
      readonly type: 'login-test';
      readonly request: RequestContext;
      /** `failed`: a backend did not answer. `limited`: no backend was asked, because of too many tests. */
      readonly outcome: 'authenticated' | 'unknown-user' | 'rejected' | 'failed' | 'limited';
      /** The administrator. */
      readonly by: string;
      /** The user name as typed. */
      readonly username: string;
      /** The last backend that was asked. */
      readonly backend?: string;
      readonly reason?: RejectReason;
      /** For the operator: what failed, or which limit is reached. */
      readonly cause?: string;
    }
  | {
      /** The creation, use or end of a personal token. */
      readonly type: 'personal-token';
      readonly request: RequestContext;
      readonly outcome: 'created' | 'withheld' | 'used' | 'refused' | 'failed' | 'revoked';
      /** See `personalTokenId`; absent when the text is not a whole token. */
      readonly id?: string;
      /** The name that its owner gave it, where known. */
      readonly name?: string;
      /** The owner, where known: a user name, or `robot:NAME`. */
      readonly username?: string;
      readonly backend?: string;
      /** Who created or revoked it: a user name, or `operator`. */
      readonly by?: string;
      /** The user name that the client sent with it, where it is not that of the owner. */
      readonly typed?: string;
      /** For the operator: why it was refused or revoked, or what failed. */
      readonly cause?: string;
    }
  | {
      readonly type: 'login';
      readonly request: RequestContext;
      readonly backend: string;
      readonly username: string;
      readonly outcome: 'authenticated' | 'unknown-user' | 'rejected' | 'failed';
      readonly reason?: RejectReason;
      /** For `too-many-attempts`: the limit that is reached. */
      readonly limit?: BudgetKind;
      readonly source: AnswerSource;
      /** The cause of a failure, for the operator. */
      readonly cause?: string;
      readonly seconds: number;
    };
