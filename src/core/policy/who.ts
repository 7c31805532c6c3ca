/** Who a rule is for: user and group patterns, compiled for names with and without case. */
import { foldCase } from '../fold-case.ts';
import { canonicalDn } from '../groups.ts';
import type { Who } from './document.ts';
import { isBrokenDn, parseDnPattern } from './dn-pattern.ts';
import { parseNamePattern } from './name-pattern.ts';
import type { NamePattern } from './name-pattern.ts';
import { isRobotUsername, robotPatternProblem } from '../robot-name.ts';

/** A pattern in two forms, because a directory compares names without case. */
export interface CasePair {
  /** As written, for names that are compared with case. */
  readonly exact: NamePattern;
  /** In lower case, for names of a directory. */
  readonly folded: NamePattern;
}

export interface CompiledWho {
  readonly users: readonly CasePair[];
  readonly groups: readonly CasePair[];
  readonly everyone: boolean;
}

/** @param path leads to the value inside of the mapping that is compiled: `['users', 0]` */
type ReportProblem = (path: readonly (string | number)[], message: string) => void;

export function compileWho(who: Who, report: ReportProblem): CompiledWho {
  return {
    users: who.users.flatMap((text, at) =>
      casePair(parseUserPattern(text), parseUserPattern(foldCase(text)), (problem) =>
        report(['users', at], `the pattern "${text}" ${problem}`),
      ),
    ),
    groups: who.groups.flatMap((text, at) =>
      groupPair(text, (problem) => report(['groups', at], `the pattern "${text}" ${problem}`)),
    ),
    everyone: who.everyone,
  };
}

/**
 * INVARIANT: a robot matches no user pattern except those that begin with `robot:`. `users: ["*"]` means users with an
 * account, and no rule gives a robot anything unless it names robots or is for everyone.
 */
function parseUserPattern(text: string): NamePattern | string {
  const problem = robotPatternProblem(text);
  if (problem !== undefined) return problem;
  const pattern = parseNamePattern(text);
  if (typeof pattern === 'string' || pattern.literal !== undefined || isRobotUsername(text)) return pattern;
  return { ...pattern, match: (name: string) => (isRobotUsername(name) ? undefined : pattern.match(name)) };
}

function groupPair(text: string, report: (problem: string) => void): readonly CasePair[] {
  const dn = canonicalDn(text);
  if (dn !== undefined) {
    const pattern = parseDnPattern(dn);
    return casePair(pattern, pattern, report);
  }
  if (isBrokenDn(text)) {
    report('has a part of a distinguished name without its attribute; write CN=* for a part with any value');
    return [];
  }
  return casePair(parseNamePattern(text), parseNamePattern(foldCase(text)), report);
}

function casePair(
  exact: NamePattern | string,
  folded: NamePattern | string,
  report: (problem: string) => void,
): readonly CasePair[] {
  if (typeof exact === 'string') report(exact);
  return typeof exact === 'string' || typeof folded === 'string' ? [] : [{ exact, folded }];
}
