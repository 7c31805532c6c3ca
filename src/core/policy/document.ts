/** A policy as it is written, checked for form but not yet compiled. `src/config` reads it from YAML. */
import type { Condition } from './condition.ts';

/** Who a rule is for. The lists are alternatives: one that matches is enough. */
export interface Who {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Anybody, anonymous included. */
  readonly everyone: boolean;
}

/** A range of client addresses. */
export interface ClientRange {
  /** As written, for explanations. */
  readonly text: string;
  contains(address: string): boolean;
}

export interface RuleDocument {
  readonly name: string;
  /** The position of the rule, for explanations and problems. */
  readonly file: string;
  readonly line: number;
  readonly who: Who;
  /** All of them must hold for the rule to apply. */
  readonly conditions: readonly Condition[];
  readonly repositories: readonly string[];
  readonly catalog: boolean;
  readonly effect: 'allow' | 'deny';
  /** Actions or names of roles. */
  readonly actions: readonly string[];
}

/** `union`: all rules that match count, in any order. `first-match`: the first one alone, for imported policies. */
export type Evaluation = 'union' | 'first-match';

export interface PolicyDocument {
  /** A short digest of the file's bytes, which says in every audit line which policy decided. */
  readonly revision: string;
  /** Undefined: union. */
  readonly evaluation?: Evaluation | undefined;
  readonly roles: ReadonlyMap<string, readonly string[]>;
  readonly rules: readonly RuleDocument[];
}

/** Something wrong in a policy; `path` leads into the YAML document, such as `['rules', 3, 'repositories', 0]`. */
export interface PolicyProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
