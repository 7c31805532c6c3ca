/** Who a rule is for: user and group patterns, compiled for names with and without case. */
import { foldCase } from '../fold-case.ts';
import { canonicalDn } from '../groups.ts';
import type { Who } from './document.ts';
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
export type ReportProblem = (path: readonly (string | number)[], message: string) => void;

export function compileWho(who: Who, report: ReportProblem): CompiledWho {
  return {
    users: who.users.flatMap((text, at) => casePair(text, foldCase(text), ['users', at], report)),
    groups: who.groups.flatMap((text, at) => {
      const dn = canonicalDn(text);
      return casePair(dn ?? text, dn ?? foldCase(text), ['groups', at], report);
    }),
    everyone: who.everyone,
  };
}

function casePair(
  exactText: string,
  foldedText: string,
  path: readonly (string | number)[],
  report: ReportProblem,
): readonly CasePair[] {
  const exact = parseNamePattern(exactText);
  if (typeof exact === 'string') {
    report(path, `the pattern "${exactText}" ${exact}`);
    return [];
  }
  const folded = parseNamePattern(foldedText);
  return typeof folded === 'string' ? [] : [{ exact, folded }];
}
