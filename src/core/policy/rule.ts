/** A compiled rule. */
import type { Action } from '../access.ts';
import type { Condition } from './condition.ts';
import type { RepositoryPattern } from './repository-pattern.ts';
import type { CompiledWho } from './who.ts';

export interface Rule {
  /** The position in the file. Reasons are listed by it; deciding by union does not depend on it. */
  readonly index: number;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly effect: 'allow' | 'deny';
  readonly actions: readonly Action[];
  readonly who: CompiledWho;
  /** All of them must hold for the rule to apply. */
  readonly conditions: readonly Condition[];
  readonly repositories: readonly RepositoryPattern[];
  readonly catalog: boolean;
}
