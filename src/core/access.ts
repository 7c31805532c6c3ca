/** What is asked and what is granted. */
import type { Scope } from './scope.ts';

/** The actions a registry knows (distribution's scope.md); `*` is every action there is. */
export const ACTIONS = ['pull', 'push', 'delete', '*'] as const;
export type Action = (typeof ACTIONS)[number];

export function isAction(text: string): text is Action {
  return (ACTIONS as readonly string[]).includes(text);
}

/** One rule that had a say in a decision. */
export interface Reason {
  readonly rule: string;
  /** Where the rule stands. */
  readonly file: string;
  readonly line: number;
  /** `skipped`: the rule would match, but a value it needs cannot stand in a repository name; `note` says which. */
  readonly effect: 'allow' | 'deny' | 'skipped';
  /** The actions the rule names, roles resolved. */
  readonly actions: readonly Action[];
  /** What about the caller made the rule match: `group team-web`, `user alice`, `everyone`. */
  readonly via: string;
  readonly note?: string;
}

/** The decision on one scope. INVARIANT: `granted` is within `asked.actions`, where an asked `*` stands for all. */
export interface Grant {
  readonly asked: Scope;
  readonly granted: readonly Action[];
  readonly because: readonly Reason[];
}
