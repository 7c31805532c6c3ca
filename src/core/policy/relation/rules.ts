/** How two rules relate, leaving their effect and actions aside. */
import type { NamePattern } from '../name-pattern.ts';
import type { Rule } from '../rule.ts';
import type { RepositoryPattern } from '../repository-pattern.ts';
import { globCovers, globsMeet, nameGlob } from './globs.ts';
import { repositoriesCover, repositoriesMeet } from './repositories.ts';
import { askerCovers, askersMeet, askersOf, givesTheSame, whoCovers } from './who.ts';
import type { Asker } from './who.ts';

/** Whether `wide` speaks of every request that `narrow` speaks of. True is certain. */
export function ruleCovers(wide: Rule, narrow: Rule): boolean {
  return (
    (!narrow.catalog || wide.catalog) &&
    matchCovers(wide, narrow) &&
    servicesCover(wide.services, narrow.services) &&
    clientsCover(wide, narrow) &&
    exceptCovers(wide, narrow) &&
    askersOf(narrow.who).every(
      (asker) =>
        (!narrow.catalog || askersOf(wide.who).some((own) => askerCovers(own, asker))) &&
        narrow.repositories.every((pattern) => isSpokenOf(wide, asker, pattern)),
    )
  );
}

/** Whether some request may be spoken of by both. False is certain. */
export function rulesMeet(a: Rule, b: Rule): boolean {
  const isPlaceShared =
    (a.catalog && b.catalog) ||
    a.repositories.some((one) => b.repositories.some((other) => repositoriesMeet(one, other)));
  if (!isPlaceShared || !servicesMeet(a.services, b.services)) return false;
  if ((a.except && whoCovers(a.except, b.who)) === true || (b.except && whoCovers(b.except, a.who)) === true) {
    return false;
  }
  return askersOf(a.who).some((one) => askersOf(b.who).some((other) => askersMeet(one, other)));
}

function isSpokenOf(wide: Rule, asker: Asker, pattern: RepositoryPattern): boolean {
  return askersOf(wide.who).some(
    (own) =>
      askerCovers(own, asker) &&
      wide.repositories.some(
        (other) =>
          repositoriesCover(other, pattern) && other.placeholders.every((name) => givesTheSame(name, own, asker)),
      ),
  );
}

/** A condition that only a request can tell covers itself and nothing else. */
function matchCovers({ match: wide }: Rule, { match: narrow }: Rule): boolean {
  return wide === undefined || (wide.text !== undefined && wide.text === narrow?.text);
}

function servicesCover(wide: Rule['services'], narrow: Rule['services']): boolean {
  if (wide === undefined) return true;
  return narrow?.every((pattern) => wide.some((own) => globCovers(globOf(own), globOf(pattern)))) === true;
}

function servicesMeet(a: Rule['services'], b: Rule['services']): boolean {
  if (a === undefined || b === undefined) return true;
  return a.some((one) => b.some((other) => globsMeet(globOf(one), globOf(other))));
}

function clientsCover({ clients: wide }: Rule, { clients: narrow }: Rule): boolean {
  if (wide === undefined) return true;
  return narrow?.every(({ text }) => wide.some((own) => own.text === text)) === true;
}

/** Whoever `wide` excepts must be excepted by `narrow` too. */
function exceptCovers({ except: wide }: Rule, { except: narrow }: Rule): boolean {
  return wide === undefined || (narrow !== undefined && whoCovers(narrow, wide));
}

function globOf({ text }: NamePattern) {
  return nameGlob(text);
}
