/** The result for one rule. */
export interface RuleNote {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  /** `stuck`: this is why nothing is proposed. */
  readonly outcome: 'kept' | 'changed' | 'dropped' | 'stuck';
  readonly message: string;
}

/** Records the result for the rule at an index of the file. */
export type Note = (index: number, outcome: RuleNote['outcome'], message: string) => void;
