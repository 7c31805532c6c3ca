/** Verifies a password with a bind: the only step that costs a user an attempt. */
import type { Secret } from '../../../core/identity.ts';
import type { BindAnswer, LdapConnection } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { LDAP_PRESETS } from '../config/presets.ts';
import type { LdapPresetName } from '../config/presets.ts';
import { DirectoryFault, faultOfBind } from '../wire/fault.ts';
import { RESULT } from '../wire/result-code.ts';
import { judgeBind } from '../servers/judge-bind.ts';
import type { BindVerdict } from '../servers/judge-bind.ts';

export type PasswordVerdict =
  | { readonly kind: 'accepted'; readonly graceLeft: number | undefined }
  | Exclude<BindVerdict, { readonly kind: 'accepted' | 'failed' }>;

/**
 * @param preset the kind of the directory, which decides what a result means, and whether the connection can be used for
 *   another user's bind after a refused one; otherwise it is closed
 * @throws DirectoryFault
 */
export async function verifyPassword(
  connection: LdapConnection,
  dn: string,
  password: Secret,
  deadline: Deadline,
  preset: LdapPresetName,
): Promise<PasswordVerdict> {
  // Some servers end a password at a NUL, so it would match a shorter password. No password contains one.
  if (password.hasNul()) return { kind: 'rejected', reason: 'wrong-password' };
  const answer = await bindOnce(connection, dn, password, deadline);
  const verdict = judgeBind(answer, preset);
  const { keepsAfterRefusal } = LDAP_PRESETS[preset];
  const isReusable = verdict.kind === 'accepted' || (keepsAfterRefusal && answer.code === RESULT.invalidCredentials);
  if (!isReusable) connection[Symbol.dispose]();
  switch (verdict.kind) {
    case 'accepted':
      return { kind: 'accepted', graceLeft: answer.policy?.graceLeft };
    case 'rejected':
    case 'no-entry':
      return verdict;
    case 'failed':
      throw faultOfBind(answer, `binding as ${dn}`);
  }
}

async function bindOnce(
  connection: LdapConnection,
  dn: string,
  password: Secret,
  deadline: Deadline,
): Promise<BindAnswer> {
  try {
    return await connection.bind(dn, password, deadline);
  } catch (error) {
    // The server may have counted the attempt; another server would count a second one.
    throw error instanceof DirectoryFault && error.sent ? error.with({ canFailOver: false }) : error;
  }
}
