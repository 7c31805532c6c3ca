/** Callers whom all rules in question are for: names and groups that fit the patterns and give values for placeholders. */
import { foldCase } from '../../fold-case.ts';
import { groupName } from '../../groups.ts';
import { ANONYMOUS, username } from '../../identity.ts';
import type { Caller, GroupName, Identity } from '../../identity.ts';
import { isSegment } from '../repository-pattern.ts';
import type { CasePair } from '../who.ts';
import { namesFrom } from './fills.ts';
import { ANYTHING, inAnyCase, intersectAll, literal, nameGlob, uniqueGlobs } from './glob.ts';
import type { Glob } from './glob.ts';
import { products } from './products.ts';
import { placeholdersFor } from './values.ts';
import type { Requirement } from './ties.ts';
import type { PlaceholderValues } from './values.ts';
import { FIRST_WORD, WORDS_PER_GROUP } from './words.ts';
import type { Form, World } from './world.ts';

type Values = ReadonlyMap<string, string>;

export interface Candidate {
  /** With the groups that the requirements need, and no others. */
  readonly caller: Caller;
  /** The values of the placeholders of each requirement. */
  readonly values: readonly Values[];
}

/** @param additional patterns that the user name must fit as well */
export function* candidatesFor(
  requirements: readonly Requirement[],
  additional: readonly CasePair[],
  form: Form,
  world: World,
): Generator<Candidate> {
  const users = [...requirements.flatMap(({ who }) => (who.kind === 'user' ? [who.pair] : [])), ...additional];
  if (requirements.every(({ who }) => who.kind === 'everyone')) yield { caller: ANONYMOUS, values: [] };
  const placeholders = placeholdersFor(requirements, users, form, world);
  const attributes = placeholders.filter(({ name }) => name.includes(':'));
  const names = userNames(requirements, additional, placeholders, form, world);
  const groups = requirements.map(({ who }, index) =>
    who.kind === 'group' ? groupNames(who.pair, index, placeholders, form, world) : [undefined],
  );
  for (const name of names) {
    for (const memberOf of products(groups)) {
      for (const chosen of products(attributes.map(({ texts }) => texts))) {
        world.effort.spend(20);
        if (world.effort.isSpent()) return;
        const given = attributes.map((placeholder, at) => [placeholder, chosen[at] ?? ''] as const);
        const candidate = candidateOf(requirements, { name, memberOf, given }, form);
        if (candidate !== undefined) yield candidate;
      }
    }
  }
}

interface Parts {
  readonly name: string;
  readonly memberOf: readonly (GroupName | undefined)[];
  readonly given: readonly (readonly [PlaceholderValues, string])[];
}

function candidateOf(requirements: readonly Requirement[], { name, memberOf, given }: Parts, form: Form) {
  const attributes = new Map<string, readonly string[]>();
  for (const [placeholder, value] of given)
    attributes.set(placeholder.name, [...new Set([...(attributes.get(placeholder.name) ?? []), value])]);
  const identity: Identity = {
    username: username(name),
    groups: new Set(memberOf.filter((group) => group !== undefined)),
    backend: '',
    caseless: form === 'folded',
    attributes,
  };
  const values: Values[] = [];
  for (const [index, requirement] of requirements.entries()) {
    const own = valuesOf(requirement, { user: name, group: memberOf[index] }, form);
    for (const [placeholder, value] of given) if (placeholder.at.includes(index)) own.set(placeholder.name, value);
    const needed = requirement.pattern?.placeholders ?? [];
    if (!needed.every((placeholder) => isSegment(own.get(placeholder) ?? ''))) return undefined;
    values.push(own);
  }
  return { caller: { kind: 'user', identity } as const, values };
}

/** The values that the names give, in lower case like repository names. */
function valuesOf({ who }: Requirement, { user, group }: { user: string; group: string | undefined }, form: Form) {
  const values = new Map([['user', foldCase(user)]]);
  if (group !== undefined) values.set('group', foldCase(group));
  if (who.kind === 'everyone') return values;
  const captured = who.pair[form].match(who.kind === 'user' ? user : (group ?? ''));
  for (const [name, value] of captured ?? []) values.set(name, foldCase(value));
  return values;
}

function userNames(
  requirements: readonly Requirement[],
  additional: readonly CasePair[],
  placeholders: readonly PlaceholderValues[],
  form: Form,
  world: World,
): readonly string[] {
  const own = requirements.flatMap(({ who }, index) =>
    who.kind === 'user' ? [globsFor(who.pair, index, placeholders, form)] : [],
  );
  const user = placeholders.find(({ name }) => name === 'user');
  const whole = user === undefined ? [ANYTHING] : [ANYTHING, ...user.texts.map((text) => written(text, form))];
  const fixed = additional.map((pair) => nameGlob(pair[form].text));
  const names = new Set<string>();
  for (const globs of products([...own, whole])) {
    for (const glob of intersectAll([...fixed, ...globs], world.effort))
      for (const name of namesFrom(glob, FIRST_WORD.user, world)) names.add(form === 'folded' ? foldCase(name) : name);
    if (world.effort.isSpent()) break;
  }
  return [...names];
}

function groupNames(
  pair: CasePair,
  index: number,
  placeholders: readonly PlaceholderValues[],
  form: Form,
  world: World,
): readonly GroupName[] {
  const group = placeholders.find((placeholder) => placeholder.name === 'group' && placeholder.at.includes(index));
  const whole = group === undefined ? [ANYTHING] : [ANYTHING, ...group.texts.map((text) => written(text, form))];
  const first = FIRST_WORD.group + index * WORDS_PER_GROUP;
  const names = new Set<GroupName>();
  for (const globs of products([globsFor(pair, index, placeholders, form), whole])) {
    for (const glob of intersectAll(globs, world.effort))
      for (const name of namesFrom(glob, first, world)) names.add(groupName(name, { lowercase: form === 'folded' }));
    if (world.effort.isSpent()) break;
  }
  return [...names];
}

/** Names of groups that fit the pattern, for exceptions. */
export function memberships(pair: CasePair, at: number, form: Form, world: World): readonly string[] {
  return groupNames(pair, at, [], form, world);
}

/** The pattern with each combination of values for its captures. A capture without a value is open. */
function globsFor(
  pair: CasePair,
  index: number,
  placeholders: readonly PlaceholderValues[],
  form: Form,
): readonly Glob[] {
  const pattern = pair[form];
  let all: readonly ReadonlyMap<string, Glob>[] = [new Map()];
  for (const capture of pattern.captures) {
    const placeholder = placeholders.find(({ name, at }) => name === capture && at.includes(index));
    const texts = placeholder?.texts ?? [];
    const choices = texts.map((text) => written(text, form));
    all = all.flatMap((values) => [values, ...choices.map((glob) => new Map(values).set(capture, glob))]);
  }
  return uniqueGlobs(all.map((values) => nameGlob(pattern.text, values)));
}

/** A value is in lower case, the name that it comes from perhaps not. */
function written(value: string, form: Form): Glob {
  return form === 'folded' ? literal(value) : inAnyCase(value);
}
