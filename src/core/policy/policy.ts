/** A compiled policy: rules made ready to be matched, and an index that finds those that can match. */
import type { Evaluation } from './document.ts';
import type { Rule } from './rule.ts';
import type { RuleIndex } from './rule-index.ts';

export interface Policy {
  readonly revision: string;
  readonly evaluation: Evaluation;
  readonly rules: readonly Rule[];
  /** Finds rules by repository, then by who asks. */
  readonly repositories: RuleIndex;
  /** The rules that speak of the catalog. */
  readonly catalog: readonly Rule[];
  /** The attributes and claims that rules name, as `attr:department` and `claim:tenant`. */
  readonly attributes: readonly string[];
}
