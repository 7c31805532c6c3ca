/** The alternatives of a rule's who, and how two of them relate. */
import { dnPieces } from './dn-pattern.ts';
import type { NamePattern } from './name-pattern.ts';
import type { CasePair, CompiledWho } from './who.ts';
import { globCovers, globsMeet, nameGlob } from './relation/globs.ts';
import { isRobotUsername } from '../robot-name.ts';

/** One alternative of who a rule is for. */
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

/** Sound: true only if everybody who is `narrow` is `wide`. */
export function askerCovers(wide: Asker, narrow: Asker): boolean {
  if (wide.kind === 'everyone') return true;
  if (narrow.kind === 'everyone' || isRobots(wide) !== isRobots(narrow)) return false;
  // A member of a group is a user.
  if (isAnyUser(wide)) return true;
  return wide.kind === narrow.kind && patternCovers(wide.pair, narrow.pair);
}

/** Sound: false only if nobody can be both. A user may be in any groups; a robot is in none and is no user. */
export function askersMeet(a: Asker, b: Asker): boolean {
  if (a.kind !== 'everyone' && b.kind !== 'everyone' && isRobots(a) !== isRobots(b)) return false;
  if (a.kind !== 'user' || b.kind !== 'user') return true;
  return (
    globsMeet(nameGlob(a.pair.exact.text), nameGlob(b.pair.exact.text)) ||
    globsMeet(nameGlob(a.pair.folded.text), nameGlob(b.pair.folded.text))
  );
}

/** Sound: true only if everybody in `narrow` is in `wide`. */
export function askersCover(wide: readonly Asker[], narrow: readonly Asker[]): boolean {
  return narrow.every((asker) => wide.some((other) => askerCovers(other, asker)));
}

/** Sound: true only if a placeholder has the same values for everybody who is `narrow` as it has through `wide`. */
export function givesTheSame(placeholder: string, wide: Asker, narrow: Asker): boolean {
  // The user's own values do not depend on the rule.
  if (placeholder === 'user' || placeholder.includes(':')) return true;
  if (wide.kind === 'everyone' || wide.kind !== narrow.kind) return false;
  return placeholder === 'group' || wide.pair.exact.text === narrow.pair.exact.text;
}

/** Whether it is for robots: then it is for nobody else. */
export function isRobots(asker: Asker): boolean {
  return asker.kind === 'user' && isRobotUsername(asker.pair.exact.text);
}

export function isAnyUser(asker: Asker): boolean {
  return asker.kind === 'user' && asker.pair.exact.text === '*';
}

function patternCovers(wide: CasePair, narrow: CasePair): boolean {
  return covers(wide.exact, narrow.exact) && covers(wide.folded, narrow.folded);
}

function covers(wide: NamePattern, narrow: NamePattern): boolean {
  if (wide.pieces === undefined) return globCovers(nameGlob(wide.text), nameGlob(narrow.text));
  // A wildcard of a DN matches within one value, so a pattern with other pieces fits other names.
  const pieces = narrow.pieces ?? (narrow.literal === undefined ? [] : dnPieces(narrow.literal));
  return (
    wide.pieces.length === pieces.length &&
    wide.pieces.every((piece, index) => globCovers(nameGlob(piece), nameGlob(pieces[index] ?? '')))
  );
}
