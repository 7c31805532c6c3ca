/** How a caller fits the who of a rule: each way is a binding, with the values it gives to placeholders. */
import { foldCase } from '../fold-case.ts';
import type { Caller, Identity } from '../identity.ts';
import type { NamePattern } from './name-pattern.ts';
import type { CasePair, CompiledWho } from './who.ts';

export interface Binding {
  /** What fits, for explanations: `user alice`, `group team-web`, `everyone`. */
  readonly via: string;
  /** The values of a placeholder, lower-cased as repository names are; none when it has no value here. */
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
    if (captured !== undefined) bindings.push(binding(identity, captured, `user ${identity.username}`, undefined));
  }
  for (const pair of who.groups) addGroupBindings(pattern(pair, identity), identity, bindings);
  return bindings;
}

function addGroupBindings(wanted: NamePattern, identity: Identity, bindings: Binding[]): void {
  if (wanted.literal !== undefined) {
    const name: ReadonlySet<string> = identity.groups;
    if (name.has(wanted.literal))
      bindings.push(binding(identity, new Map(), `group ${wanted.literal}`, wanted.literal));
    return;
  }
  for (const group of identity.groups) {
    const captured = wanted.match(group);
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
