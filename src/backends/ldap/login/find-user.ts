/** Finds the entry of a login, by the forms of a name that the directory accepts. */
import { LDAP_PRESETS } from '../config/presets.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { UserSearchResult } from '../users/user-search.ts';
import type { Reader } from '../wire/search.ts';
import type { LoginContext } from './context.ts';

const AT_END = /^([^@]+)@([^@]+)$/;
const BEFORE = /^([^\\]+)\\([^\\]+)$/;

/**
 * Searches by the login as it was typed. In Active Directory `alice@DOMAIN` and `DOMAIN\alice` then mean the account
 * alice, where DOMAIN is the DNS or the NetBIOS name of the domain: implicit names, which no attribute holds
 * ([MS-ADTS] 5.1.1.1.1). An explicit userPrincipalName comes first, as at the controller.
 */
export async function findUser(
  { config, search, domain }: Pick<LoginContext, 'config' | 'search' | 'domain'>,
  login: string,
  reader: Reader,
  deadline: Deadline,
): Promise<UserSearchResult> {
  const result = await search.find(reader, login, deadline);
  if (result.kind !== 'none' || !LDAP_PRESETS[config.preset].bindNames) return result;
  const [, name, end] = AT_END.exec(login) ?? [];
  const [, before, account] = BEFORE.exec(login) ?? [];
  const typed = (end ?? before)?.toLowerCase();
  const bare = name ?? account;
  if (typed === undefined || bare === undefined) return result;
  const isOwn = typed === config.users.domain?.toLowerCase() || (await domain.names(reader, deadline)).includes(typed);
  return isOwn ? search.find(reader, bare, deadline) : result;
}
