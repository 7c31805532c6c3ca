/** A compiled rule: made ready to be matched. */
import type { Action } from '../access.ts';
import type { ClientRange, RuleCondition } from './document.ts';
import type { NamePattern } from './name-pattern.ts';
import type { RepositoryPattern } from './repository-pattern.ts';

/** A pattern for a directory's names, which are lower-cased, beside the pattern as written, for exact ones. */
export interface CasePair {
  readonly exact: NamePattern;
  readonly folded: NamePattern;
}

export interface CompiledWho {
  readonly users: readonly CasePair[];
  readonly groups: readonly CasePair[];
  readonly everyone: boolean;
}

export interface Rule {
  /** The place in the file's order, by which reasons are listed; deciding by union does not depend on it. */
  readonly index: number;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly effect: 'allow' | 'deny';
  readonly actions: readonly Action[];
  readonly who: CompiledWho;
  readonly except: CompiledWho | undefined;
  readonly services: readonly NamePattern[] | undefined;
  readonly clients: readonly ClientRange[] | undefined;
  readonly match: RuleCondition | undefined;
  readonly repositories: readonly RepositoryPattern[];
  readonly catalog: boolean;
}
