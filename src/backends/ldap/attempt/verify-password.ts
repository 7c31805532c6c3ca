/** The one step that can cost a user an attempt: the bind with the typed password. */
import type { Secret } from '../../../core/identity.ts';
import type { BindAnswer, Connection } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { DirectoryFault, faultOfResult } from '../wire/fault.ts';
import { judgeBind } from '../servers/judge-bind.ts';
import type { BindVerdict } from '../servers/judge-bind.ts';

export type PasswordVerdict =
  | { readonly kind: 'accepted'; readonly graceLeft: number | undefined }
  | Exclude<BindVerdict, { readonly kind: 'accepted' | 'failed' }>;

/** invalidCredentials. */
const WRONG = 49;

/**
 * @param keepsAfterRefusal whether this directory forgets a refused user, so that another one can bind on the same
 *   connection; it is closed otherwise
 * @throws DirectoryFault
 */
export async function verifyPassword(
  connection: Connection,
  dn: string,
  password: Secret,
  deadline: Deadline,
  keepsAfterRefusal: boolean,
): Promise<PasswordVerdict> {
  // Servers differ in whether a password ends at a NUL; none can have one in it.
  if (password.reveal().includes('\0')) return { kind: 'rejected', reason: 'wrong-password' };
  const answer = await bindOnce(connection, dn, password, deadline);
  const verdict = judgeBind(answer);
  const isClean = verdict.kind === 'accepted' || (keepsAfterRefusal && answer.code === WRONG);
  if (!isClean) connection[Symbol.dispose]();
  switch (verdict.kind) {
    case 'accepted':
      return { kind: 'accepted', graceLeft: answer.policy?.graceLeft };
    case 'rejected':
    case 'no-entry':
      return verdict;
    case 'failed':
      throw faultOfResult(answer.code, answer.diagnostic, `binding as ${dn}`);
  }
}

async function bindOnce(connection: Connection, dn: string, password: Secret, deadline: Deadline): Promise<BindAnswer> {
  try {
    return await connection.bind(dn, password, deadline);
  } catch (error) {
    // The server may have counted it: to try another one would be a second attempt.
    throw error instanceof DirectoryFault && error.sent ? error.but({ elsewhere: false }) : error;
  }
}
