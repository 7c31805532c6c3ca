/** A fault for the operator who looks at a directory: what failed, where, and what to do about it. */
import { describeError } from '../../../core/errors.ts';
import { DirectoryFault } from './fault.ts';
import type { FaultKind } from './fault.ts';

const CURES: Readonly<Partial<Record<FaultKind, string>>> = {
  unreachable: 'correct urls, or see whether a firewall lets this machine through',
  'no-answer': 'see whether the server is stopped or overloaded, or a firewall drops what is sent to it',
  lost: 'see whether it speaks LDAP there, and whether urls and tls.mode fit it',
};

/** For what the system says of a connection that does not come about. */
const CURES_BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start the directory, or correct urls',
  ENOTFOUND: 'there is no such host: correct urls, or the DNS',
  ENOENT: 'there is no such socket: start the directory, or correct urls',
};

export function faultText(error: unknown): string {
  if (!(error instanceof DirectoryFault)) return describeError(error);
  const { cause, kind, message } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const because = cause instanceof Error ? ` (${cause.message})` : '';
  const cure = CURES_BY_CODE[code] ?? CURES[kind];
  return `${message}${because}${cure === undefined ? '' : `: ${cure}`}`;
}
