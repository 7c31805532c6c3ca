/** Finds the entry of the user of a connection, after a bind with a name that is no DN. */
import type { Deadline } from '../../../core/deadline.ts';
import type { UserSearchResult } from '../users/user-search.ts';
import type { LdapConnection } from '../wire/connection.ts';
import type { Reader } from '../wire/search.ts';
import { DirectoryFault, faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, encodeFilter } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';
import type { LoginContext } from './context.ts';

/**
 * A name can be the userPrincipalName of one account and the implicit name of another, and the controller decides which
 * of them logs in. So the SIDs of the bound user decide which entry it is ([MS-ADTS] 3.1.1.3.2, tokenGroups of the root
 * DSE).
 */
export async function ownEntry(
  { search }: Pick<LoginContext, 'search'>,
  name: { readonly account: string; readonly bindName: string },
  connection: LdapConnection,
  reader: Reader,
  deadline: Deadline,
): Promise<UserSearchResult> {
  const sids = await ownSids(connection, deadline);
  const candidates = await search.findByBindName(reader, name, deadline);
  const own = candidates.find((entry) => sids.has(entry.bytes('objectSid')[0]?.toString('hex') ?? ''));
  return own === undefined ? { kind: 'none' } : { kind: 'found', entry: own };
}

async function ownSids(connection: LdapConnection, deadline: Deadline): Promise<ReadonlySet<string>> {
  const answer = await connection.search(
    { base: '', scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: ['tokenGroups'] },
    deadline,
  );
  if (answer.code !== RESULT.success) throw faultOfResult(answer, 'reading tokenGroups of the root DSE');
  const sids = (answer.entries[0]?.bytes('tokenGroups') ?? []).map((sid) => sid.toString('hex'));
  if (sids.length > 0) return new Set(sids);
  throw new DirectoryFault(
    'misconfigured',
    'the root DSE has no tokenGroups, which a template without a DN needs; use a template with a DN, or configure bind',
  );
}
