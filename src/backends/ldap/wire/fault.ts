/** Why the directory could not tell. A refusal of a user is no fault; see `judge-bind.ts`. */
import type { Deadline } from '../../../core/deadline.ts';

export type FaultKind =
  /** No connection: refused, no route, no such host. */
  | 'unreachable'
  /** The certificate is not trusted, names another host, or StartTLS is refused. */
  | 'tls'
  /** Its own time limit for this step has passed. */
  | 'no-answer'
  /** The caller's time is over: says nothing about the directory. */
  | 'out-of-time'
  /** The connection ended, or what came over it was no LDAP. */
  | 'lost'
  /** It says itself that it is busy or unavailable. */
  | 'unavailable'
  /** It refuses the service account. */
  | 'service-refused'
  /** Nobody can log in until somebody changes a setting, here or there. */
  | 'misconfigured';

/** Whether another server of the same directory may do better. */
const ELSEWHERE: Readonly<Record<FaultKind, boolean>> = {
  unreachable: true,
  tls: true,
  'no-answer': true,
  'out-of-time': false,
  lost: true,
  unavailable: true,
  'service-refused': false,
  misconfigured: false,
};

export class DirectoryFault extends Error {
  override readonly name = 'DirectoryFault';
  readonly kind: FaultKind;
  /** Whether asking another server is useful and harmless. */
  readonly elsewhere: boolean;
  /** Seconds after which trying again may help. */
  readonly retryAfter: number | undefined;
  /** Whether the request may have reached the server. */
  readonly sent: boolean;

  constructor(kind: FaultKind, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.elsewhere = options.elsewhere ?? ELSEWHERE[kind];
    this.retryAfter = options.retryAfter;
    this.sent = options.sent ?? true;
  }

  /** The same fault, of which more is known. */
  but(known: Omit<FaultOptions, 'cause'>): DirectoryFault {
    const { kind, message, cause, elsewhere, retryAfter, sent } = this;
    return new DirectoryFault(kind, message, {
      cause,
      elsewhere,
      sent,
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...known,
    });
  }
}

export interface FaultOptions {
  readonly cause?: unknown;
  readonly elsewhere?: boolean;
  readonly retryAfter?: number;
  readonly sent?: boolean;
}

/** The faults that say that a server fails, whoever asks it what. */
export const TELLS_OF_SERVER: ReadonlySet<FaultKind> = new Set([
  'unreachable',
  'tls',
  'no-answer',
  'lost',
  'unavailable',
]);

/** The fault of a step whose time is over: the step's own, or all that the caller gave. */
export function lateFault(where: string, what: string, deadline: Deadline): DirectoryFault {
  return deadline.ended()
    ? new DirectoryFault('out-of-time', `${where}: the time for this login was over while ${what}`)
    : new DirectoryFault('no-answer', `${where}: no answer in time while ${what}`);
}

/**
 * What a result code (RFC 4511, appendix A) means where it is not about a user's password.
 *
 * @param what the step, for the message: `searching users`
 */
export function faultOfResult(code: number, diagnostic: string, what: string): DirectoryFault {
  const said = `${what}: the directory answers ${code}${diagnostic === '' ? '' : ` (${diagnostic})`}`;
  const cure = CURES[code];
  if (cure !== undefined) return new DirectoryFault('misconfigured', `${said}: ${cure}`);
  return new DirectoryFault('unavailable', said, { elsewhere: TRY_ANOTHER.has(code) });
}

const ENCRYPT = 'it wants an encrypted connection; set tls.mode to ldaps or starttls';
const CURES: Readonly<Record<number, string>> = {
  1: 'where it asks for a bind first, configure bind',
  4: 'it gives no more entries to this account; raise its size limit or narrow the search',
  7: ENCRYPT,
  8: ENCRYPT,
  10: 'the entries are on another server; name that one in urls',
  11: 'the search is too wide for its limits; add indexes there or narrow base and filter',
  13: ENCRYPT,
  32: 'the base does not exist, or this account may not see it',
  34: 'it cannot read the DN; check the base',
  50: 'this account may not do that; grant it read access',
};
/** busy, unavailable, other. */
const TRY_ANOTHER: ReadonlySet<number> = new Set([51, 52, 80]);
