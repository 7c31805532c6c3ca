/** Compares the callers of two rules. */
import { foldCase } from '../../core/fold-case.ts';
import { canonicalDn } from '../../core/groups.ts';
import { nameCovers, namesMeet } from './names.ts';

/** The callers of a rule: perhaps anonymous, and the named users and groups without the exceptions. */
interface Callers {
  readonly anonymous: boolean;
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly exceptUsers: readonly string[];
  readonly exceptGroups: readonly string[];
}

/** The callers as written in a rule. */
interface WrittenWho extends Omit<Callers, 'anonymous'> {
  readonly everyone: boolean;
}

export const ALL = '*';

export function callersOf({ users, groups, everyone, exceptUsers, exceptGroups }: WrittenWho): Callers {
  if (exceptUsers.includes(ALL))
    return { anonymous: everyone, users: [], groups: [], exceptUsers: [], exceptGroups: [] };
  const named = everyone || users.includes(ALL) ? { users: [ALL], groups: [] } : { users, groups };
  return { anonymous: everyone, ...named, exceptUsers, exceptGroups };
}

/** Sound: true only if no caller is in both. */
export function callersDisjoint(a: Callers, b: Callers): boolean {
  if (a.anonymous && b.anonymous) return false;
  if (allExcepted(a, b) || allExcepted(b, a)) return true;
  // A user may be in any groups at once.
  if (a.groups.length + b.groups.length > 0) return false;
  return !a.users.some((x) => b.users.some((y) => userOverlaps(x, y)));
}

/** Whether the second one excepts all users and groups of the first one. */
function allExcepted(named: Callers, { exceptUsers, exceptGroups }: Callers): boolean {
  return namesCover(exceptUsers, named.users) && namesCover(exceptGroups, named.groups);
}

/** Sound: true only if all callers of the second are in the first. */
export function callersCover(wide: Callers, narrow: Callers): boolean {
  if (narrow.anonymous && !wide.anonymous) return false;
  if (!namesCover(wide.users, narrow.users)) return false;
  if (!wide.users.includes(ALL) && !namesCover(wide.groups, narrow.groups)) return false;
  if (narrow.users.length + narrow.groups.length === 0) return true;
  return (
    wide.exceptGroups.every((text) => namesCover(narrow.exceptGroups, [text])) &&
    wide.exceptUsers.every((text) => namesCover(narrow.exceptUsers, [text]) || namesNo(narrow, text))
  );
}

function namesNo({ users, groups }: Callers, user: string): boolean {
  return groups.length === 0 && !users.some((text) => userOverlaps(text, user));
}

/** Names are compared with or without case, depending on the backend of the user. */
function inBothForms(a: string, b: string): readonly (readonly [string, string])[] {
  const [x, y] = [canonical(a), canonical(b)];
  return [
    [x, y],
    [foldCase(x), foldCase(y)],
  ];
}

function canonical(text: string): string {
  return canonicalDn(text) ?? text;
}

function userOverlaps(a: string, b: string): boolean {
  return inBothForms(a, b).some(([x, y]) => namesMeet(x, y));
}

function namesCover(wide: readonly string[], narrow: readonly string[]): boolean {
  return narrow.every((text) => wide.some((other) => inBothForms(other, text).every(([x, y]) => nameCovers(x, y))));
}
