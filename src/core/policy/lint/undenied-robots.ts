/**
 * Denials for any user that leave out robots. `users: ["*"]` means users with an account, so a rule that gives a robot
 * something in the same place is not denied.
 */
import type { Action } from '../../access.ts';
import { askersOf, isAnyUser, isRobots } from '../asker.ts';
import { isException } from '../condition.ts';
import type { Policy } from '../policy.ts';
import { repositoriesCover } from '../relation/repositories.ts';
import type { Rule } from '../rule.ts';
import { whoText } from '../who-text.ts';
import { named } from './finding.ts';
import type { Finding } from './finding.ts';

export function undeniedRobots({ rules }: Policy): readonly Finding[] {
  const allowing = rules.filter((rule) => rule.effect === 'allow' && robotsIn(rule).length > 0);
  if (allowing.length === 0) return [];
  return rules.filter(deniesAnyUser).flatMap((rule): readonly Finding[] => {
    const allowed = allowing.find((other) => isInPlaceOf(rule, other) && haveCommonAction(rule.actions, other.actions));
    const [robot] = allowed === undefined ? [] : robotsIn(allowed);
    if (allowed === undefined || robot === undefined) return [];
    const message = `denies any user, but no robot, and ${named(allowed)} is for ${whoText(robot, 'pattern')} in the same repositories`;
    const cure = 'add "robot:*" to its users if it is meant for robots too';
    return [{ code: 'robots-not-denied', severity: 'hint', rule, message, cure }];
  });
}

function robotsIn({ who }: Rule) {
  return askersOf(who).filter(isRobots);
}

/** Under other conditions than exceptions, the two rules perhaps never match together. */
function deniesAnyUser({ effect, who, conditions }: Rule): boolean {
  const askers = askersOf(who);
  return (
    effect === 'deny' &&
    !who.everyone &&
    askers.some(isAnyUser) &&
    !askers.some(isRobots) &&
    conditions.every(isException)
  );
}

/** Whether there certainly is a repository for which both rules are. */
function isInPlaceOf(denying: Rule, allowing: Rule): boolean {
  return denying.repositories.some((one) =>
    allowing.repositories.some((other) => repositoriesCover(one, other) || repositoriesCover(other, one)),
  );
}

function haveCommonAction(denied: readonly Action[], allowed: readonly Action[]): boolean {
  return denied.includes('*') || allowed.includes('*') || denied.some((action) => allowed.includes(action));
}
