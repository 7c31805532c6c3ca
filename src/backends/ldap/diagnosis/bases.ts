/** Proposes where users and groups are, from the branches that directories usually have. */
import type { Deadline } from '../../../core/deadline.ts';
import { LDAP_PRESETS } from '../config/presets.ts';
import type { LdapPresetName } from '../config/presets.ts';
import type { Reader } from '../wire/search.ts';
import { faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, encodeFilter, equal } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';

export interface Bases {
  readonly users: string;
  readonly groups: string;
}

/** Branches below the suffix, the most specific first: FreeIPA, then what administrators of other servers choose. */
const USERS = ['cn=users,cn=accounts', 'ou=people', 'ou=users', 'ou=accounts'];
const GROUPS = ['cn=groups,cn=accounts', 'ou=groups', 'ou=group'];
/** Groups of Active Directory that are looked at to find the folder of most of them. */
const SAMPLE = 200;
/** The folders of the groups that every domain has. */
const BUILT_IN = /^CN=(?:Builtin|Users|ForeignSecurityPrincipals),/i;

/**
 * The suffix itself where no usual branch exists.
 *
 * @throws DirectoryFault when the account may not read the suffix
 */
export async function proposeBases(
  connection: Reader,
  { preset, suffix }: { readonly preset: LdapPresetName; readonly suffix: string },
  deadline: Deadline,
): Promise<Bases> {
  await requireReadable(connection, suffix, deadline);
  const existing = (branches: readonly string[]) => firstExisting(connection, branches, suffix, deadline);
  // A domain keeps its users in many folders.
  if (LDAP_PRESETS[preset].bindNames) {
    const groups = (await existing(GROUPS)) ?? (await folderOfGroups(connection, suffix, deadline));
    return { users: suffix, groups: groups ?? suffix };
  }
  return { users: (await existing(USERS)) ?? suffix, groups: (await existing(GROUPS)) ?? suffix };
}

async function requireReadable(connection: Reader, suffix: string, deadline: Deadline): Promise<void> {
  const request = { base: suffix, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: [] } as const;
  const answer = await connection.search(request, deadline);
  // Where the suffix is hidden, its branches need not be.
  if (answer.code === RESULT.success || answer.code === RESULT.noSuchObject) return;
  throw faultOfResult(answer, `reading ${suffix}`);
}

async function firstExisting(
  connection: Reader,
  branches: readonly string[],
  suffix: string,
  deadline: Deadline,
): Promise<string | undefined> {
  for (const branch of branches) {
    const base = `${branch},${suffix}`;
    const request = { base, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: [] } as const;
    const [entry] = (await connection.search(request, deadline)).entries;
    // In the letter case of the directory.
    if (entry !== undefined) return entry.dn;
  }
  return undefined;
}

async function folderOfGroups(connection: Reader, suffix: string, deadline: Deadline): Promise<string | undefined> {
  const filter = encodeFilter(equal('objectClass', 'group'));
  const request = { base: suffix, scope: 'sub', filter, attributes: [], limit: SAMPLE } as const;
  const { entries } = await connection.search(request, deadline);
  const counts = new Map<string, number>();
  for (const { dn } of entries) {
    const folder = parentOf(dn);
    if (folder !== undefined && !BUILT_IN.test(folder)) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0];
}

/** The DN after its first part; a comma in a value is escaped (RFC 4514, section 2.4). */
function parentOf(dn: string): string | undefined {
  return /^(?:[^,\\]|\\.)+,(.+)$/s.exec(dn)?.[1];
}
