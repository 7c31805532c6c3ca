/** Looks for somebody whom the denials spare: who is what a rule allows, and besides what each denial excepts. */
import type { Grant } from '../access.ts';
import { groupName } from '../groups.ts';
import { username } from '../identity.ts';
import type { Caller, Identity } from '../identity.ts';
import type { Policy } from './policy.ts';
import type { CasePair, Rule } from './rule.ts';
import { askersOf } from './relation/who.ts';
import type { Asker } from './relation/who.ts';

/** A name that no policy means: what stands for `*` where somebody is imagined. */
export const NOBODY = '-';

export interface Search {
  /** Who they must stay. */
  readonly asker: Asker;
  readonly values: ReadonlyMap<string, string>;
  /** Whether what is decided is enough: granted, or not denied where conditions are open. */
  readonly isEnough: (grant: Grant) => boolean;
  readonly decide: (caller: Caller) => Grant;
}

/** Exceptions are few; this many people are imagined at most. */
const MOST = 200;

export function isSomebodySpared(policy: Policy, first: Caller, search: Search): boolean {
  const people = [first];
  const seen = new Set([keyOf(first)]);
  for (const person of people) {
    const grant = search.decide(person);
    if (search.isEnough(grant)) return true;
    for (const next of blockersOf(policy, grant).flatMap((rule) => othersOf(rule, person, search))) {
      const key = keyOf(next);
      if (seen.has(key) || seen.size >= MOST) continue;
      seen.add(key);
      people.push(next);
    }
  }
  return false;
}

/** The rules that stand in the way: each denial, or the one that decides alone. */
function blockersOf({ rules, evaluation }: Policy, { because }: Grant): readonly Rule[] {
  const blocking = evaluation === 'union' ? because.filter(({ effect }) => effect === 'deny') : because.slice(-1);
  return blocking.flatMap(
    (reason) => rules.find(({ name, line }) => name === reason.rule && line === reason.line) ?? [],
  );
}

/** The same person, being besides one of those whom the rule excepts. */
function othersOf({ except }: Rule, person: Caller, { asker, values }: Search): readonly Caller[] {
  if (except === undefined) return [];
  return askersOf(except).flatMap((spared): readonly Caller[] => {
    if (spared.kind === 'everyone') return [];
    const name = filled(spared.pair, new Map());
    const identity = person.kind === 'user' ? person.identity : imaginedIdentity(NOBODY, []);
    if (spared.kind === 'group') return [withGroup(identity, name)];
    return mayBeNamed(name, asker, values)
      ? [{ kind: 'user', identity: { ...identity, username: username(name) } }]
      : [];
  });
}

function withGroup(identity: Identity, name: string): Caller {
  const groups = new Set([...identity.groups, groupName(name, { lowercase: true })]);
  return { kind: 'user', identity: { ...identity, groups } };
}

function mayBeNamed(name: string, asker: Asker, values: ReadonlyMap<string, string>): boolean {
  if ((values.get('user') ?? name) !== name) return false;
  if (asker.kind !== 'user') return true;
  const captured = asker.pair.folded.match(name);
  return captured !== undefined && [...captured].every(([key, value]) => (values.get(key) ?? value) === value);
}

/** As a directory gives names. */
export function imaginedIdentity(name: string, groups: readonly string[]): Identity {
  return {
    username: username(name),
    groups: new Set(groups.map((text) => groupName(text, { lowercase: true }))),
    backend: '',
    caseless: true,
    attributes: new Map(),
  };
}

/** A name that fits, with the values where they are captured. */
export function filled({ folded }: CasePair, values: ReadonlyMap<string, string>): string {
  return folded.text.replaceAll(/\*|\{([^{}]*)\}/g, (_, name?: string) =>
    name === undefined ? NOBODY : (values.get(name) ?? NOBODY),
  );
}

function keyOf(caller: Caller): string {
  if (caller.kind === 'anonymous') return '';
  return JSON.stringify([caller.identity.username, ...[...caller.identity.groups].toSorted()]);
}
