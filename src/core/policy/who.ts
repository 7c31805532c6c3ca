/** Who a rule is for: user and group patterns, compiled for names with and without case. */
import { foldCase } from '../fold-case.ts';
import { canonicalDn } from '../groups.ts';
import type { Who } from './document.ts';
import { isBrokenDn, parseDnPattern } from './dn-pattern.ts';
import { parseNamePattern } from './name-pattern.ts';
import type { NamePattern } from './name-pattern.ts';

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
      casePair(parseNamePattern(text), parseNamePattern(foldCase(text)), (problem) =>
        report(['users', at], `the pattern "${text}" ${problem}`),
      ),
    ),
    groups: who.groups.flatMap((text, at) =>
      groupPair(text, (problem) => report(['groups', at], `the pattern "${text}" ${problem}`)),
    ),
    everyone: who.everyone,
  };
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
