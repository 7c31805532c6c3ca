/** Callers whom rules are for, with no name and no groups but those that the rules require. */
import { groupName } from '../../groups.ts';
import { ANONYMOUS, username } from '../../identity.ts';
import type { Caller } from '../../identity.ts';
import type { Asker } from '../asker.ts';
import { bindingsFor } from '../bindings.ts';
import type { Alternative } from './alternative.ts';
import { ANYTHING, literal, meet, nameGlob } from './glob.ts';
import type { Glob } from './glob.ts';
import { valuesFor } from './values.ts';
import type { Words } from './words.ts';

export type Form = 'exact' | 'folded';
type Values = ReadonlyMap<string, string>;

/** A caller, with the values of the placeholders of each alternative. */
export interface Subject {
  readonly caller: Caller;
  readonly values: readonly Values[];
}

const NO_VALUES: Values = new Map();
const MAX_SUBJECTS = 200;

/**
 * @param alternatives one, or two that are both for the subject
 * @param additional what the subject is in addition
 */
export function* subjectsFor(
  alternatives: readonly Alternative[],
  additional: readonly Asker[],
  form: Form,
  words: Words,
): Generator<Subject> {
  const who = [...alternatives.map((alternative) => alternative.who), ...additional];
  const includesAnonymous = who.every(({ kind }) => kind === 'everyone');
  if (includesAnonymous) yield { caller: ANONYMOUS, values: alternatives.map(() => NO_VALUES) };
  let left = MAX_SUBJECTS;
  for (const values of valuesFor(alternatives, who, form, words)) {
    for (const caller of callersWith(alternatives, values, additional, form, words)) {
      if (left-- <= 0) return words.cut();
      yield { caller, values };
    }
  }
}

/** The values of placeholders for this user; none if an alternative is not for the user. */
export function subjectsOf(alternatives: readonly Alternative[], caller: Caller): readonly Subject[] {
  let found: readonly (readonly Values[])[] = [[]];
  for (const { who, pattern } of alternatives) {
    const lists = {
      users: who.kind === 'user' ? [who.pair] : [],
      groups: who.kind === 'group' ? [who.pair] : [],
      everyone: who.kind === 'everyone',
    };
    const own = bindingsFor(lists, caller).flatMap((binding) =>
      combinations((pattern?.placeholders ?? []).map((name) => [name, binding.values(name)] as const)),
    );
    found = found.flatMap((before) => own.map((values) => [...before, values])).slice(0, MAX_SUBJECTS);
  }
  return found.map((values) => ({ caller, values }));
}

function combinations(pools: readonly (readonly [string, readonly string[]])[]): readonly Values[] {
  let all: readonly Values[] = [NO_VALUES];
  for (const [name, pool] of pools)
    all = all.flatMap((values) => pool.map((value) => new Map(values).set(name, value)));
  return all.slice(0, MAX_SUBJECTS);
}

function* callersWith(
  alternatives: readonly Alternative[],
  values: readonly Values[],
  additional: readonly Asker[],
  form: Form,
  words: Words,
): Generator<Caller> {
  const names: Glob[] = [];
  const groups: Glob[][] = [];
  const attributes = new Map<string, readonly string[]>();
  const parts = [
    ...alternatives.map(({ who }, index) => [who, values[index] ?? NO_VALUES] as const),
    ...additional.map((who) => [who, NO_VALUES] as const),
  ];
  for (const [who, own] of parts) {
    if (who.kind === 'user') names.push(nameGlob(who.pair[form].text, own));
    if (who.kind === 'group') {
      const group = own.get('group');
      groups.push([nameGlob(who.pair[form].text, own), ...(group === undefined ? [] : [literal(group)])]);
    }
    for (const [name, value] of own) {
      if (name === 'user') names.push(literal(value));
      if (name.includes(':')) attributes.set(name, [...new Set([...(attributes.get(name) ?? []), value])]);
    }
  }
  for (const memberOf of choices(groups.map((globs) => meetAll(globs, words.at(1))))) {
    for (const name of meetAll(names, words.at(0))) {
      yield {
        kind: 'user',
        identity: {
          username: username(name),
          groups: new Set(memberOf.map((group) => groupName(group, { lowercase: form === 'folded' }))),
          backend: '',
          caseless: form === 'folded',
          attributes,
        },
      };
    }
  }
}

/** Names that fit all of them. */
export function meetAll(
  [first = ANYTHING, second = ANYTHING, ...others]: readonly Glob[],
  word: string,
): readonly string[] {
  const all = [second, ...others].flatMap((other) => meet(first, other, word));
  return [...new Set(all)].filter(
    (name) => name !== '' && [second, ...others].every((other) => meet(other, literal(name), word).length > 0),
  );
}

function choices(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  let all: readonly (readonly string[])[] = [[]];
  for (const list of lists) all = all.flatMap((before) => list.map((one) => [...before, one])).slice(0, 8);
  return all;
}
