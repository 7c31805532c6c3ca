/** Searches for a caller whom a rule allows and whom every rule in its way excepts. */
import type { Grant } from '../access.ts';
import { groupName } from '../groups.ts';
import { username } from '../identity.ts';
import type { Caller, Identity } from '../identity.ts';
import type { Asker } from './asker.ts';
import { exceptionsOf } from './condition.ts';
import type { Policy } from './policy.ts';
import type { Rule } from './rule.ts';
import type { CasePair } from './who.ts';

/** A name that no policy contains: it replaces `*` in the name of an imagined caller. */
export const NOBODY = '-';

export interface Search {
  /** What the callers must be in any case. */
  readonly asker: Asker;
  readonly values: ReadonlyMap<string, string>;
  /** Whether a decision is good enough: granted, or not denied where other conditions are open. */
  readonly isEnough: (grant: Grant) => boolean;
  readonly decide: (caller: Caller) => Grant;
}

/** Exceptions are few, so this bound on imagined callers is rarely reached. */
const MAX_CALLERS = 200;

export function someExceptedCallerMay(policy: Policy, first: Caller, search: Search): boolean {
  const callers = [first];
  const seen = new Set([keyOf(first)]);
  for (const caller of callers) {
    const grant = search.decide(caller);
    if (search.isEnough(grant)) return true;
    for (const next of blockersOf(policy, grant).flatMap((rule) => exceptedBy(rule, caller, search))) {
      const key = keyOf(next);
      if (seen.has(key) || seen.size >= MAX_CALLERS) continue;
      seen.add(key);
      callers.push(next);
    }
  }
  return false;
}

/** The rules that prevent the grant: each denial, or with first-match evaluation the rule that decided. */
function blockersOf({ rules, evaluation }: Policy, { because }: Grant): readonly Rule[] {
  const blocking = evaluation === 'union' ? because.filter(({ effect }) => effect === 'deny') : because.slice(-1);
  return blocking.flatMap(
    (reason) => rules.find(({ name, line }) => name === reason.rule && line === reason.line) ?? [],
  );
}

/** The same caller, changed to be one of the exceptions of the rule as well. */
function exceptedBy({ conditions }: Rule, caller: Caller, { asker, values }: Search): readonly Caller[] {
  return exceptionsOf(conditions).flatMap((exception): readonly Caller[] => {
    if (exception.kind === 'everyone') return [];
    const name = filled(exception.pair, new Map());
    const identity = caller.kind === 'user' ? caller.identity : imaginedIdentity(NOBODY, []);
    if (exception.kind === 'group') return [withGroup(identity, name)];
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

/** An identity with folded names, as a directory gives them. */
export function imaginedIdentity(name: string, groups: readonly string[]): Identity {
  return {
    username: username(name),
    groups: new Set(groups.map((text) => groupName(text, { lowercase: true }))),
    backend: '',
    caseless: true,
    attributes: new Map(),
  };
}

/** A name that fits the pattern, with the given values for its captures. */
export function filled({ folded }: CasePair, values: ReadonlyMap<string, string>): string {
  return folded.text.replaceAll(/\*|\{([^{}]*)\}/g, (_, name?: string) =>
    name === undefined ? NOBODY : (values.get(name) ?? NOBODY),
  );
}

function keyOf(caller: Caller): string {
  if (caller.kind === 'anonymous') return '';
  return JSON.stringify([caller.identity.username, ...[...caller.identity.groups].toSorted()]);
}
