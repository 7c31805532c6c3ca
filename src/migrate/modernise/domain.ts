/**
 * Compares the requests of two rules by their patterns, and never by examples. If nothing is certain, two rules overlap
 * and neither covers the other.
 */
import { rangeCovers, rangesOverlap } from '../../core/client-range.ts';
import { repositoriesCover, repositoriesMeet } from '../../core/policy/relation/repositories.ts';
import { parseRepositoryPattern } from '../../core/policy/repository-pattern.ts';
import type { RepositoryPattern } from '../../core/policy/repository-pattern.ts';
import { ALL, callersCover, callersDisjoint, callersOf } from './callers.ts';
import { nameCovers, namesMeet } from './names.ts';

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

/** Sound: true only if no request matches both. */
export function areDisjoint(a: Domain, b: Domain): boolean {
  return callersDisjoint(callersOf(a), callersOf(b)) || objectsDisjoint(a, b);
}

/** Sound: true only if the first one matches all requests of the second one. */
export function covers(wide: Domain, narrow: Domain): boolean {
  return callersCover(callersOf(wide), callersOf(narrow)) && objectsCover(wide, narrow, sameWords(wide, narrow));
}

/** Whether no caller matches the rule. */
export function isEmpty(domain: Domain): boolean {
  const { anonymous, users, groups } = callersOf(domain);
  return !anonymous && users.length === 0 && groups.length === 0;
}

/**
 * The second one without the requests that match the first one.
 *
 * @returns undefined if exceptions cannot express that
 */
export function without(first: Domain, second: Domain): Domain | undefined {
  const { anonymous, users, groups, exceptUsers, exceptGroups } = callersOf(first);
  if (!objectsCover(first, second, false) || exceptUsers.length + exceptGroups.length > 0) return undefined;
  // A capture matches at least one character, and an exception has no captures.
  if ([...users, ...groups].some((text) => text.includes('{'))) return undefined;
  const rest: Domain = {
    ...second,
    exceptUsers: [...new Set([...second.exceptUsers, ...users])],
    exceptGroups: [...new Set([...second.exceptGroups, ...groups])],
  };
  if (!anonymous || !second.everyone) return rest;
  return { ...rest, everyone: false, users: [ALL], groups: [] };
}

/** Whether the callers are written the same, so that placeholders have the same values. */
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

/** Sound: true only if the first one covers the repositories, services and clients of the second one. */
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

/** The value of a placeholder must be a property of the user, not of the rule. */
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
