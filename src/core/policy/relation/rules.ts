/** How two rules relate, without their effects and actions. */
import { askerCovers, askersCover, askersMeet, askersOf, givesTheSame } from '../asker.ts';
import type { Asker } from '../asker.ts';
import { exceptionsOf } from '../condition.ts';
import type { Rule } from '../rule.ts';
import type { RepositoryPattern } from '../repository-pattern.ts';
import { repositoriesCover, repositoriesMeet } from './repositories.ts';

/** Sound: true only if `wide` matches every request that `narrow` matches. */
export function ruleCovers(wide: Rule, narrow: Rule): boolean {
  return (
    (!narrow.catalog || wide.catalog) &&
    wide.conditions.every((own) => narrow.conditions.some((other) => own.covers(other))) &&
    askersOf(narrow.who).every(
      (asker) =>
        (!narrow.catalog || askersOf(wide.who).some((own) => askerCovers(own, asker))) &&
        narrow.repositories.every((pattern) => coversAlternative(wide, asker, pattern)),
    )
  );
}

/** Sound: false only if no request matches both rules. */
export function rulesMeet(a: Rule, b: Rule): boolean {
  const isPlaceShared =
    (a.catalog && b.catalog) ||
    a.repositories.some((one) => b.repositories.some((other) => repositoriesMeet(one, other)));
  return (
    isPlaceShared &&
    a.conditions.every((one) => b.conditions.every((other) => one.meets(other))) &&
    !exceptsAll(a, b) &&
    !exceptsAll(b, a) &&
    askersOf(a.who).some((one) => askersOf(b.who).some((other) => askersMeet(one, other)))
  );
}

function coversAlternative(wide: Rule, asker: Asker, pattern: RepositoryPattern): boolean {
  return askersOf(wide.who).some(
    (own) =>
      askerCovers(own, asker) &&
      wide.repositories.some(
        (other) =>
          repositoriesCover(other, pattern) && other.placeholders.every((name) => givesTheSame(name, own, asker)),
      ),
  );
}

/** Whether everybody the second rule is for is an exception of the first one. */
function exceptsAll({ conditions }: Rule, { who }: Rule): boolean {
  return askersCover(exceptionsOf(conditions), askersOf(who));
}
