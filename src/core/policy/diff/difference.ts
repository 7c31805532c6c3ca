/** One request, decided by two policies. */
import type { Action, Grant, Reason } from '../../access.ts';
import type { Scope } from '../../scope.ts';
import { decideFor } from '../decide-for.ts';
import type { Policy } from '../policy.ts';
import type { Situation } from '../situation.ts';

/** The actions that one of two policies grants and the other one does not. */
export interface Difference {
  readonly change: 'gained' | 'lost';
  readonly actions: readonly Action[];
  /** The rules of each policy that concern these actions. */
  readonly before: readonly Reason[];
  readonly after: readonly Reason[];
}

export interface TwoDecisions {
  readonly before: Grant;
  readonly after: Grant;
}

export function decideBoth(before: Policy, after: Policy, situation: Situation, asked: Scope): TwoDecisions {
  return { before: decideFor(before, situation, asked), after: decideFor(after, situation, asked) };
}

/** @returns what is gained and what is lost; empty if both policies grant the same, whatever their reasons */
export function differences({ before, after }: TwoDecisions): readonly Difference[] {
  const gained = after.granted.filter((action) => !before.granted.includes(action));
  const lost = before.granted.filter((action) => !after.granted.includes(action));
  const found: Difference[] = [];
  for (const [change, actions] of [
    ['gained', gained],
    ['lost', lost],
  ] as const) {
    if (actions.length === 0) continue;
    found.push({ change, actions, before: about(actions, before), after: about(actions, after) });
  }
  return found;
}

function about(actions: readonly Action[], { asked, because }: Grant): readonly Reason[] {
  // Any action on the catalog allows to list it.
  if (asked.type !== 'repository' || asked.name === '') return because;
  return because.filter(
    ({ actions: named }) => named.includes('*') || named.some((action) => actions.includes(action)),
  );
}
