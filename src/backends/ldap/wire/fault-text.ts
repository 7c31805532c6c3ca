/** The text of a fault for `fairlead check`: what failed, where, and what to do. */
import { describeError } from '../../../core/errors.ts';
import { DirectoryFault } from './fault.ts';
import type { FaultKind } from './fault.ts';

const ADVICE: Readonly<Partial<Record<FaultKind, string>>> = {
  unreachable: 'correct urls, or check whether a firewall blocks this machine',
  'no-answer': 'check whether the server is stopped or overloaded, or a firewall drops the packets',
  lost: 'check whether that port speaks LDAP, and whether urls and tls.mode match the server',
};

/** By the error code that Node gives a failed connection. More exact, so it replaces the advice above. */
const ADVICE_BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start the directory, or correct urls',
  ENOTFOUND: 'there is no such host: correct urls, or the DNS',
  ENOENT: 'there is no such socket: start the directory, or correct urls',
};

export function faultText(error: unknown): string {
  if (!(error instanceof DirectoryFault)) return describeError(error);
  const { cause, kind, message } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const causeText = cause === undefined ? '' : ` (${describeError(cause)})`;
  const advice = ADVICE_BY_CODE[code] ?? ADVICE[kind];
  return `${message}${causeText}${advice === undefined ? '' : `: ${advice}`}`;
}
