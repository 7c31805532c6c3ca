/** The events worth an audit line. Each is recorded once, in a flow; log and metrics are sinks over them. */
import type { Grant } from './access.ts';
import type { ErrorCode } from './errors.ts';
import type { Caller } from './identity.ts';
import type { RejectReason } from './outcome.ts';

/** Where the answer to a login came from: the backend, memory, an equal login under way, memory during an outage. */
export type AnswerSource = 'backend' | 'memory' | 'shared' | 'stale';

/** What every event of one request shares. */
export interface RequestContext {
  readonly requestId: string;
  /** The client's address, as far as trusted proxies tell it. */
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
      /** Scope texts that could not be parsed and were left out. */
      readonly malformed: readonly string[];
      readonly tokenId: string;
      readonly policyRevision: string;
      readonly expiresIn: number;
    }
  | {
      /** Shadow mode: the same decisions by the policy that is to follow. */
      readonly type: 'policy.compared';
      readonly request: RequestContext;
      readonly caller: Caller;
      readonly service: string;
      readonly policyRevision: string;
      readonly shadowRevision: string;
      /** How many decisions are the same. */
      readonly same: number;
      readonly differing: readonly { readonly served: Grant; readonly shadow: Grant }[];
    }
  | {
      readonly type: 'token.refused';
      readonly request: RequestContext;
      readonly code: ErrorCode;
      readonly service: string;
      /** The name as typed, where one was given. */
      readonly username?: string;
      /** The cause, for the operator. */
      readonly cause: string;
    }
  | {
      /** What became of a refresh token, or of the wish for one. */
      readonly type: 'refresh-token';
      readonly request: RequestContext;
      readonly outcome: 'issued' | 'withheld' | 'accepted' | 'refused' | 'failed' | 'revoked';
      readonly service: string;
      /** See `refreshTokenId`; absent where there is no token. */
      readonly id?: string;
      /** Whose it is, where that is known. */
      readonly username?: string;
      readonly backend?: string;
      /** Why it was withheld, refused or failed, or what went wrong beside, for the operator. */
      readonly cause?: string;
    }
  | {
      readonly type: 'login';
      readonly request: RequestContext;
      readonly backend: string;
      readonly username: string;
      readonly outcome: 'authenticated' | 'unknown-user' | 'rejected' | 'failed';
      readonly reason?: RejectReason;
      readonly source: AnswerSource;
      /** The cause of a failure, for the operator. */
      readonly cause?: string;
      readonly seconds: number;
    };
