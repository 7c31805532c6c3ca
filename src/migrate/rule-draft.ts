/** Rules of a policy before they are written to a file. */

export interface MatchDraft {
  readonly account?: string;
  readonly name?: string;
  readonly service?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface RuleDraft {
  readonly name: string;
  /** The line of its source. */
  readonly line: number;
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly everyone?: true;
  readonly except?: { readonly users?: readonly string[]; readonly groups?: readonly string[] };
  readonly services?: readonly string[];
  readonly clients?: readonly string[];
  readonly match?: MatchDraft;
  readonly repositories?: readonly string[];
  readonly catalog?: true;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}
