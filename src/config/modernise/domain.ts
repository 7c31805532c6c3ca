/**
 * The requests that a rule is for, compared with those of another: by argument on the patterns, and never by trying
 * some. Where it cannot be told, two rules overlap and neither covers the other.
 */
import { foldCase } from '../../core/fold-case.ts';
import { canonicalDn } from '../../core/groups.ts';
import { globCovers, globsMeet, nameGlob } from '../../core/policy/relation/globs.ts';
import { repositoriesCover, repositoriesMeet } from '../../core/policy/relation/repositories.ts';
import { parseRepositoryPattern } from '../../core/policy/repository-pattern.ts';
import type { RepositoryPattern } from '../../core/policy/repository-pattern.ts';
import { rangeCovers, rangesOverlap } from './ranges.ts';

/** The conditions of a rule for repositories or for the catalog, as they are written. */
export interface Domain {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly everyone: boolean;
  readonly exceptUsers: readonly string[];
  readonly exceptGroups: readonly string[];
  /** Undefined: all. */
  readonly services: readonly string[] | undefined;
  /** Undefined: all. */
  readonly clients: readonly string[] | undefined;
  /** Undefined: the catalog. */
  readonly repositories: readonly string[] | undefined;
}

/** Whom a rule is for: perhaps anonymous, and of those who have logged in, the named ones but for the excepted. */
interface Callers {
  readonly anonymous: boolean;
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly exceptUsers: readonly string[];
  readonly exceptGroups: readonly string[];
}

const ALL = '*';

function callersOf({ users, groups, everyone, exceptUsers, exceptGroups }: Domain): Callers {
  if (exceptUsers.includes(ALL))
    return { anonymous: everyone, users: [], groups: [], exceptUsers: [], exceptGroups: [] };
  const named = everyone || users.includes(ALL) ? { users: [ALL], groups: [] } : { users, groups };
  return { anonymous: everyone, ...named, exceptUsers, exceptGroups };
}

/** Whether no request is for both. */
export function areDisjoint(a: Domain, b: Domain): boolean {
  return callersDisjoint(callersOf(a), callersOf(b)) || objectsDisjoint(a, b);
}

/** Whether all requests that the second is for are also for the first. */
export function covers(wide: Domain, narrow: Domain): boolean {
  return callersCover(callersOf(wide), callersOf(narrow)) && objectsCover(wide, narrow, sameWords(wide, narrow));
}

/** Whether the rule is for nobody. */
export function isEmpty(domain: Domain): boolean {
  const { anonymous, users, groups } = callersOf(domain);
  return !anonymous && users.length === 0 && groups.length === 0;
}

/**
 * The second one without the requests that are for the first one, too.
 *
 * @returns undefined when that cannot be said by excepting those whom the first one is for
 */
export function without(first: Domain, second: Domain): Domain | undefined {
  const { anonymous, users, groups, exceptUsers, exceptGroups } = callersOf(first);
  if (!objectsCover(first, second, false) || exceptUsers.length + exceptGroups.length > 0) return undefined;
  // What captures takes a character at least, and an exception has no captures.
  if ([...users, ...groups].some((text) => text.includes('{'))) return undefined;
  const rest: Domain = {
    ...second,
    exceptUsers: [...new Set([...second.exceptUsers, ...users])],
    exceptGroups: [...new Set([...second.exceptGroups, ...groups])],
  };
  if (!anonymous || !second.everyone) return rest;
  return { ...rest, everyone: false, users: [ALL], groups: [] };
}

function callersDisjoint(a: Callers, b: Callers): boolean {
  if (a.anonymous && b.anonymous) return false;
  if (allExcepted(a, b) || allExcepted(b, a)) return true;
  // A user may be in any groups at once.
  if (a.groups.length + b.groups.length > 0) return false;
  return !a.users.some((x) => b.users.some((y) => userOverlaps(x, y)));
}

/** Whether the second one excepts every user and group that the first one names; so it does when there are none. */
function allExcepted(named: Callers, { exceptUsers, exceptGroups }: Callers): boolean {
  return namesCover(exceptUsers, named.users) && namesCover(exceptGroups, named.groups);
}

function callersCover(wide: Callers, narrow: Callers): boolean {
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

/** A name is compared as it is written, or without case: that depends on where the user comes from. */
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

/** The same callers in the same words give placeholders the same values. */
function sameWords(a: Domain, b: Domain): boolean {
  const words = ({ users, groups, everyone }: Domain): string => JSON.stringify([users, groups, everyone]);
  return words(a) === words(b);
}

function objectsDisjoint(a: Domain, b: Domain): boolean {
  if ((a.repositories === undefined) !== (b.repositories === undefined)) return true;
  return (
    noneMeet(a.repositories, b.repositories, (x, y) => repositoriesMeet(repository(x), repository(y))) ||
    noneMeet(a.services, b.services, namesMeet) ||
    noneMeet(a.clients, b.clients, rangesOverlap)
  );
}

function noneMeet(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
  meet: (x: string, y: string) => boolean,
): boolean {
  return a !== undefined && b !== undefined && !a.some((x) => b.some((y) => meet(x, y)));
}

/** Whether the first one is for every repository, service and client that the second one is for. */
function objectsCover(wide: Domain, narrow: Domain, same: boolean): boolean {
  const catalogs = [wide, narrow].filter(({ repositories }) => repositories === undefined).length;
  if (catalogs === 1) return false;
  return (
    allCovered(wide.repositories, narrow.repositories, (x, y) => (same && x === y) || repositoryCovers(x, y)) &&
    allCovered(wide.services, narrow.services, nameCovers) &&
    allCovered(wide.clients, narrow.clients, rangeCovers)
  );
}

function allCovered(
  wide: readonly string[] | undefined,
  narrow: readonly string[] | undefined,
  isCovered: (x: string, y: string) => boolean,
): boolean {
  if (wide === undefined) return true;
  return narrow?.every((text) => wide.some((other) => isCovered(other, text))) ?? false;
}

function nameCovers(wide: string, narrow: string): boolean {
  return globCovers(nameGlob(wide), nameGlob(narrow));
}

function namesMeet(a: string, b: string): boolean {
  return globsMeet(nameGlob(a), nameGlob(b));
}

/** What a placeholder stands for must belong to the user, and not to the words of a rule. */
function repositoryCovers(wide: string, narrow: string): boolean {
  const pattern = repository(wide);
  const isShared = pattern.placeholders.every((name) => name === 'user' || name.includes(':'));
  return isShared && repositoriesCover(pattern, repository(narrow));
}

function repository(text: string): RepositoryPattern {
  const pattern = parseRepositoryPattern(text);
  // INVARIANT: the policy has been compiled before.
  if (typeof pattern === 'string') throw new Error(`the pattern "${text}" ${pattern}`);
  return pattern;
}
