/** Requested and granted access. */
import type { Scope } from './scope.ts';

/** The actions a registry knows (distribution's scope.md); `*` is every action there is. */
export const ACTIONS = ['pull', 'push', 'delete', '*'] as const;
export type Action = (typeof ACTIONS)[number];

export function isAction(text: string): text is Action {
  return (ACTIONS as readonly string[]).includes(text);
}

/** One rule that contributed to a decision. */
export interface Reason {
  readonly rule: string;
  /** The location of the rule. */
  readonly file: string;
  readonly line: number;
  /** `skipped`: the rule matches, but a value that it needs is not valid in a repository name; `note` says which. */
  readonly effect: 'allow' | 'deny' | 'skipped';
  /** The actions of the rule, with roles resolved. */
  readonly actions: readonly Action[];
  /** Why the rule matches the caller: `group team-web`, `user alice`, `everyone`. */
  readonly via: string;
  readonly note?: string;
}

/** The decision on one scope. INVARIANT: `granted` is within `asked.actions`, where `*` in `asked.actions` means all actions. */
export interface Grant {
  readonly asked: Scope;
  readonly granted: readonly Action[];
  readonly because: readonly Reason[];
  /** What the policy grants and the limits of the credential take away. Absent: they take away nothing. */
  readonly limited?: readonly Action[];
}

/** What a request needs and was not granted. */
export function missingAccess(needs: readonly Scope[], granted: readonly Scope[]): readonly Scope[] {
  return needs.flatMap(({ type, name, actions }) => {
    const have = granted
      .filter((scope) => scope.type === type && scope.name === name)
      .flatMap((scope) => scope.actions);
    const missing = have.includes('*') ? [] : actions.filter((action) => !have.includes(action));
    return missing.length === 0 ? [] : [{ type, name, actions: missing }];
  });
}
