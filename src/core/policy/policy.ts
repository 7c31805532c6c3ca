/** A compiled policy: the rules, and an index that finds the rules that can match. */
import type { Evaluation } from './document.ts';
import type { Rule } from './rule.ts';
import type { RuleIndex } from './rule-index.ts';

export interface Policy {
  readonly revision: string;
  readonly evaluation: Evaluation;
  readonly rules: readonly Rule[];
  /** Finds rules by repository, then by caller. */
  readonly repositories: RuleIndex;
  /** The rules for the catalog. */
  readonly catalog: readonly Rule[];
  /** The attributes and claims that rules name, as `attr:department` and `claim:tenant`. */
  readonly attributes: readonly string[];
}
