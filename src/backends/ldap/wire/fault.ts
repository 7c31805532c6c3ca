/** Why a directory gave no usable answer. A refusal of a user is not a fault; see `judge-bind.ts`. */
import type { Deadline } from '../../../core/deadline.ts';
import { RESULT } from './result-code.ts';

export type FaultKind =
  /** No connection: refused, no route, no such host. */
  | 'unreachable'
  /** The certificate is not trusted or names another host, or StartTLS is refused. */
  | 'tls'
  /** The time limit of this step has passed. */
  | 'no-answer'
  /** The deadline of the caller has passed; this says nothing about the directory. */
  | 'out-of-time'
  /** The connection ended, or the server sent something that is not LDAP. */
  | 'lost'
  /** The server answers that it is busy or unavailable. */
  | 'unavailable'
  /** The server refuses the service account. */
  | 'service-refused'
  /** Nobody can log in until an operator changes a setting, in Fairlead or in the directory. */
  | 'misconfigured';

/** The default of `DirectoryFault.canFailOver`. */
const CAN_FAIL_OVER: Readonly<Record<FaultKind, boolean>> = {
  unreachable: true,
  tls: true,
  'no-answer': true,
  'out-of-time': false,
  lost: true,
  unavailable: true,
  'service-refused': false,
  misconfigured: false,
};

interface FaultOptions {
  readonly cause?: unknown;
  readonly canFailOver?: boolean;
  readonly retryAfter?: number;
  readonly sent?: boolean;
}

export class DirectoryFault extends Error {
  override readonly name = 'DirectoryFault';
  readonly kind: FaultKind;
  /** Whether another server of the directory may be asked: it could answer, and asking it does no harm. */
  readonly canFailOver: boolean;
  /** Seconds after which a retry may succeed. */
  readonly retryAfter: number | undefined;
  /** Whether the request may have reached the server. */
  readonly sent: boolean;

  constructor(kind: FaultKind, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.canFailOver = options.canFailOver ?? CAN_FAIL_OVER[kind];
    this.retryAfter = options.retryAfter;
    this.sent = options.sent ?? true;
  }

  /** A copy of this fault with some properties replaced. */
  with(changes: Omit<FaultOptions, 'cause'>): DirectoryFault {
    const { kind, message, cause, canFailOver, retryAfter, sent } = this;
    return new DirectoryFault(kind, message, {
      cause,
      canFailOver,
      sent,
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...changes,
    });
  }
}

/** The faults that show that a server does not work, whatever the request was. */
export const SERVER_FAULTS: ReadonlySet<FaultKind> = new Set([
  'unreachable',
  'tls',
  'no-answer',
  'lost',
  'unavailable',
]);

/** The fault of a step that took too long: `out-of-time` when the caller's deadline has passed, else `no-answer`. */
export function lateFault(where: string, what: string, deadline: Deadline): DirectoryFault {
  return deadline.ended()
    ? new DirectoryFault('out-of-time', `${where}: the time for this login was over while ${what}`)
    : new DirectoryFault('no-answer', `${where}: no answer in time while ${what}`);
}

/** What is needed to interpret a result code that is not the answer to a user's bind. */
interface FailedResult {
  readonly code: number;
  readonly diagnostic: string;
  /** Whether the request was a search without a bind. */
  readonly isAnonymous?: boolean;
}

/**
 * The fault for a result code, where the code is not a decision about a user.
 *
 * @param what the step, for the message: `searching users`
 */
export function faultOfResult(result: FailedResult, what: string): DirectoryFault {
  const { code, diagnostic, isAnonymous = false } = result;
  const text = answerText(result, what);
  const advice = isAnonymous && NEEDS_BIND.has(code) ? CONFIGURE_BIND : (adviceByText(diagnostic) ?? ADVICE[code]);
  if (advice !== undefined) return new DirectoryFault('misconfigured', `${text}: ${advice}`);
  return new DirectoryFault('unavailable', text, { canFailOver: TEMPORARY.has(code) });
}

/** The same for a bind, to which some results mean something else. */
export function faultOfBind({ code, diagnostic }: FailedResult, what: string): DirectoryFault {
  const advice = BIND_ADVICE[code];
  if (advice === undefined) return faultOfResult({ code, diagnostic }, what);
  return new DirectoryFault('misconfigured', `${answerText({ code, diagnostic }, what)}: ${advice}`);
}

function answerText({ code, diagnostic }: FailedResult, what: string): string {
  return `${what}: the directory answers ${code}${diagnostic === '' ? '' : ` (${diagnostic})`}`;
}

/** 389 Directory Server refuses connections without enough encryption with result 53 and this text. */
function adviceByText(diagnostic: string): string | undefined {
  return /minimum ssf|confidentiality required/i.test(diagnostic) ? ENCRYPT : undefined;
}

/** Whether the server wants an encrypted connection before it answers. */
export function needsEncryption(error: unknown): boolean {
  return error instanceof DirectoryFault && error.message.endsWith(ENCRYPT);
}

const ENCRYPT = 'it requires an encrypted connection; set tls.mode to ldaps or starttls';
const CONFIGURE_BIND = 'it does not let anybody search without a bind; configure bind';
/** What servers answer to a search without a bind: Active Directory 1, 389 Directory Server 48, access rules 50, OpenLDAP 53. */
const NEEDS_BIND: ReadonlySet<number> = new Set([
  RESULT.operationsError,
  RESULT.inappropriateAuthentication,
  RESULT.insufficientAccessRights,
  RESULT.unwillingToPerform,
]);
const ADVICE: Readonly<Record<number, string>> = {
  [RESULT.sizeLimitExceeded]: 'it gives no more entries to this account; raise its size limit or narrow the search',
  [RESULT.authMethodNotSupported]: ENCRYPT,
  [RESULT.strongerAuthRequired]: ENCRYPT,
  [RESULT.referral]: 'the entries are on another server; name that server in urls',
  [RESULT.adminLimitExceeded]: 'the search exceeds its limits; add indexes to the directory or narrow base and filter',
  [RESULT.confidentialityRequired]: ENCRYPT,
  [RESULT.noSuchObject]: 'the base does not exist, or this account may not see it',
  [RESULT.invalidDNSyntax]: 'it cannot read the DN; check the base',
  [RESULT.insufficientAccessRights]: 'this account may not do that; grant it read access',
};
/** Results of a bind whose advice for a search would mislead. */
const BIND_ADVICE: Readonly<Record<number, string>> = {
  [RESULT.inappropriateAuthentication]:
    'it does not accept this kind of bind; check tls.certFile, and whether the account has a password',
  [RESULT.insufficientAccessRights]: 'it does not let this account log in here; allow it in the directory',
};
const TEMPORARY: ReadonlySet<number> = new Set([RESULT.busy, RESULT.unavailable, RESULT.other]);
