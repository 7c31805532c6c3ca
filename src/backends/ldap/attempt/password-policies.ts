/** The password policies of a directory that is not Active Directory (draft-behera-ldap-password-policy, section 5.2). */
import type { Deadline } from '../../../core/deadline.ts';
import type { LockoutPolicy } from '../../../core/ports.ts';
import type { Reader } from '../wire/search.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { ANY_ENTRY, encodeFilter, equal } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';

const ATTRIBUTES = ['pwdLockout', 'pwdMaxFailure', 'pwdFailureCountInterval'];
/** There are few: one for all users, and some for groups of them. */
const MAX_POLICIES = 20;

/**
 * Which policy applies to a user is known only to the server, so the strictest of all counts.
 *
 * @returns undefined when none is readable, or none locks accounts
 * @throws DirectoryFault
 */
export async function readPasswordPolicies(reader: Reader, deadline: Deadline): Promise<LockoutPolicy | undefined> {
  const contexts = await searchAll(reader, deadline, '', 'base', ['namingContexts']);
  const policies: LockoutPolicy[] = [];
  for (const base of contexts.flatMap((root) => root.texts('namingContexts'))) {
    const entries = await searchAll(reader, deadline, base, 'sub', ATTRIBUTES);
    policies.push(...entries.flatMap((entry) => lockoutIn(entry) ?? []));
  }
  if (policies.length === 0) return undefined;
  return {
    threshold: Math.min(...policies.map(({ threshold }) => threshold)),
    window: Math.max(...policies.map(({ window }) => window)),
  };
}

function lockoutIn(policy: LdapEntry): LockoutPolicy | undefined {
  const number = (attribute: string): number => Number(policy.texts(attribute)[0] ?? 0);
  const threshold = number('pwdMaxFailure');
  if (policy.texts('pwdLockout')[0]?.toUpperCase() !== 'TRUE' || !(threshold > 0)) return undefined;
  const interval = number('pwdFailureCountInterval');
  return { threshold, window: interval > 0 ? interval : Infinity };
}

async function searchAll(
  reader: Reader,
  deadline: Deadline,
  base: string,
  scope: 'base' | 'sub',
  attributes: readonly string[],
): Promise<readonly LdapEntry[]> {
  const filter = encodeFilter(scope === 'base' ? ANY_ENTRY : equal('objectClass', 'pwdPolicy'));
  const { code, entries } = await reader.search({ base, scope, filter, attributes, limit: MAX_POLICIES }, deadline);
  // A directory without this object class, or that hides the policies, is no failure.
  return code === RESULT.success ? entries : [];
}
