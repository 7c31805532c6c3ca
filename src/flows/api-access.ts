/** What a caller may do at the API of the broker. */
import { foldCase } from '../core/fold-case.ts';
import { groupName } from '../core/groups.ts';
import type { Caller, Identity } from '../core/identity.ts';
import type { ApiAccess } from '../core/token-limits.ts';

/** Users and groups by their names. */
interface Named {
  readonly users?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** Who may use the API, as the configuration says. */
export interface ApiUsers {
  readonly admins?: Named | undefined;
  readonly readers?: Named | undefined;
}

/**
 * INVARIANT: a personal token never exceeds what its owner may do now, nor its own limit.
 *
 * @param caller the owner of a personal token, looked up for this request
 * @returns undefined: nothing
 */
export function apiAccessOf(caller: Caller, users: ApiUsers): ApiAccess | undefined {
  if (caller.kind !== 'user' || caller.stale === true || caller.via?.kind !== 'personal-token') return undefined;
  const limit = caller.via.api;
  const own = accessOfOwner(caller.identity, users);
  if (limit === undefined || own === undefined) return undefined;
  return limit === 'admin' && own === 'admin' ? 'admin' : 'read';
}

function accessOfOwner(identity: Identity, { admins, readers }: ApiUsers): ApiAccess | undefined {
  if (isNamed(identity, admins)) return 'admin';
  return isNamed(identity, readers) ? 'read' : undefined;
}

function isNamed({ username, groups, caseless }: Identity, named: Named = {}): boolean {
  const isUser = (named.users ?? []).some((name) => (caseless ? foldCase(name) : name) === username);
  return isUser || (named.groups ?? []).some((name) => groups.has(groupName(name, { lowercase: caseless })));
}
