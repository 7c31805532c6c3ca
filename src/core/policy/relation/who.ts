/** How those relate of whom two rules speak. */
import type { CasePair, CompiledWho } from '../rule.ts';
import { globCovers, globsMeet, nameGlob } from './globs.ts';

/** One way to be somebody a rule speaks of. */
export type Asker =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'user'; readonly pair: CasePair }
  | { readonly kind: 'group'; readonly pair: CasePair };

export function askersOf({ users, groups, everyone }: CompiledWho): readonly Asker[] {
  return [
    ...users.map((pair) => ({ kind: 'user', pair }) as const),
    ...groups.map((pair) => ({ kind: 'group', pair }) as const),
    ...(everyone ? [{ kind: 'everyone' } as const] : []),
  ];
}

/** Whether all who are `narrow` are `wide`. True is certain. */
export function askerCovers(wide: Asker, narrow: Asker): boolean {
  if (wide.kind === 'everyone') return true;
  if (narrow.kind === 'everyone') return false;
  // Whoever is in a group is a user.
  if (isAnyUser(wide)) return true;
  return wide.kind === narrow.kind && bothForms(wide.pair, narrow.pair, globCovers);
}

/** Whether somebody may be both. False is certain: only users can be told apart, for people may be in any groups. */
export function askersMeet(a: Asker, b: Asker): boolean {
  if (a.kind !== 'user' || b.kind !== 'user') return true;
  return (
    globsMeet(nameGlob(a.pair.exact.text), nameGlob(b.pair.exact.text)) ||
    globsMeet(nameGlob(a.pair.folded.text), nameGlob(b.pair.folded.text))
  );
}

/** Whether all of `narrow` are among `wide`. True is certain. */
export function whoCovers(wide: CompiledWho, narrow: CompiledWho): boolean {
  const own = askersOf(wide);
  return askersOf(narrow).every((asker) => own.some((other) => askerCovers(other, asker)));
}

/** Whether a placeholder has the same values for whoever is `narrow` as it has through `wide`. */
export function givesTheSame(placeholder: string, wide: Asker, narrow: Asker): boolean {
  // What belongs to the user does not depend on the rule.
  if (placeholder === 'user' || placeholder.includes(':')) return true;
  if (wide.kind === 'everyone' || wide.kind !== narrow.kind) return false;
  return placeholder === 'group' || wide.pair.exact.text === narrow.pair.exact.text;
}

export function isAnyUser(asker: Asker): boolean {
  return asker.kind === 'user' && asker.pair.exact.text === '*';
}

function bothForms(a: CasePair, b: CasePair, relate: typeof globCovers): boolean {
  return (
    relate(nameGlob(a.exact.text), nameGlob(b.exact.text)) && relate(nameGlob(a.folded.text), nameGlob(b.folded.text))
  );
}
