/** A policy as it was written, checked for form but not yet compiled. The room `config` reads it from YAML. */
import type { Caller } from '../identity.ts';

/** Who a rule speaks of. The lists are alternatives: one that matches is enough. */
export interface Who {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Anybody at all, anonymous included. */
  readonly everyone: boolean;
}

/** A range of client addresses. */
export interface ClientRange {
  /** As written, for explanations. */
  readonly text: string;
  contains(address: string): boolean;
}

/** What must hold besides, of rules that were imported: patterns that the language of policies does not have. */
export interface RuleCondition {
  /** The condition in words that tell it from every other, and do not depend on how it is laid out. */
  readonly text?: string;
  /** The attributes and claims it looks at, as `attr:department`. */
  readonly attributes?: readonly string[];
  /** @param request `name` is the repository, or `catalog` */
  holds(request: { readonly caller: Caller; readonly service: string; readonly name: string }): boolean;
}

export interface RuleDocument {
  readonly name: string;
  /** Where the rule stands, for explanations and problems. */
  readonly file: string;
  readonly line: number;
  readonly who: Who;
  /** Those the rule does not speak of after all. */
  readonly except: Who | undefined;
  /** Services the rule is for, `*` allowed; undefined: all. */
  readonly services: readonly string[] | undefined;
  /** Client addresses the rule is for; undefined: all. */
  readonly clients: readonly ClientRange[] | undefined;
  readonly match?: RuleCondition | undefined;
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
