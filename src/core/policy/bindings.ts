/** How a caller matches the who of a rule: each alternative that matches is a binding with values for placeholders. */
import { foldCase } from '../fold-case.ts';
import type { Caller, Identity } from '../identity.ts';
import { isRobotUsername } from '../robot-name.ts';
import type { NamePattern } from './name-pattern.ts';
import type { CasePair, CompiledWho } from './who.ts';

export interface Binding {
  /** The alternative, for explanations: `user alice`, `robot web-ci`, `group team-web`, `everyone`. */
  readonly via: string;
  /** The values of a placeholder, in lower case like repository names; empty if it has none. */
  values(placeholder: string): readonly string[];
}

const EVERYONE: Binding = { via: 'everyone', values: () => [] };
const EVERYONE_ONLY: readonly Binding[] = [EVERYONE];

export function bindingsFor(who: CompiledWho, caller: Caller): readonly Binding[] {
  if (caller.kind === 'anonymous') return who.everyone ? EVERYONE_ONLY : [];
  const { identity } = caller;
  const bindings: Binding[] = [];
  if (who.everyone) bindings.push(EVERYONE);
  for (const pair of who.users) {
    const captured = pattern(pair, identity).match(identity.username);
    if (captured !== undefined) bindings.push(binding(identity, captured, nameOf(identity), undefined));
  }
  // A search may imagine a robot in a group. No robot is in one.
  if (isRobotUsername(identity.username)) return bindings;
  for (const pair of who.groups) addGroupBindings(pattern(pair, identity), identity, bindings);
  return bindings;
}

/** `user alice`, `robot web-ci`. */
function nameOf({ username }: Identity): string {
  return isRobotUsername(username) ? username.replace(':', ' ') : `user ${username}`;
}

function addGroupBindings(groupPattern: NamePattern, identity: Identity, bindings: Binding[]): void {
  if (groupPattern.literal !== undefined) {
    const groups: ReadonlySet<string> = identity.groups;
    if (groups.has(groupPattern.literal))
      bindings.push(binding(identity, new Map(), `group ${groupPattern.literal}`, groupPattern.literal));
    return;
  }
  for (const group of identity.groups) {
    const captured = groupPattern.match(group);
    if (captured !== undefined) bindings.push(binding(identity, captured, `group ${group}`, group));
  }
}

function pattern(pair: CasePair, identity: Identity): NamePattern {
  return identity.caseless ? pair.folded : pair.exact;
}

function binding(
  identity: Identity,
  captured: ReadonlyMap<string, string>,
  via: string,
  group: string | undefined,
): Binding {
  return {
    via,
    values: (placeholder) => {
      if (placeholder === 'user') return [foldCase(identity.username)];
      if (placeholder === 'group') return group === undefined ? [] : [foldCase(group)];
      const value = captured.get(placeholder);
      if (value !== undefined) return [foldCase(value)];
      return (identity.attributes.get(placeholder) ?? []).map((text) => foldCase(text));
    },
  };
}
