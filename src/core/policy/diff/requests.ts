/** Requests that match two rules, and as few other rules as possible. */
import { ANONYMOUS } from '../../identity.ts';
import type { Scope } from '../../scope.ts';
import type { Asker } from '../asker.ts';
import { dependsOn, dependsOnlyOn } from '../condition.ts';
import type { Condition, Property } from '../condition.ts';
import type { Policy } from '../policy.ts';
import { sampleTimes } from '../sample-times.ts';
import { DEFAULT_TIME } from '../situation.ts';
import type { Situation } from '../situation.ts';
import type { Alternative } from './alternative.ts';
import { nameGlob } from './glob.ts';
import { placesOf, stepsOf } from './path.ts';
import type { Place } from './path.ts';
import { meetAll, subjectsFor } from './subjects.ts';
import type { Form, Subject } from './subjects.ts';
import type { Words } from './words.ts';

/** What a search varies. */
export interface World {
  readonly words: Words;
  /** The largest number of segments that is tried for a `**`. */
  readonly deepest: number;
  /** The services there are; undefined: any. */
  readonly services: readonly string[] | undefined;
  readonly properties: { readonly [Key in Property]: PropertySamples<Situation[Key]> };
}

interface PropertySamples<Value> {
  /** The first one is the default. */
  readonly values: readonly Value[];
  /** Whether the default stands for all values, as far as no condition of the rules in question depends on the value. */
  readonly isNeutral: boolean;
}

export interface Request {
  readonly situation: Situation;
  readonly asked: Scope;
  /** The repository pattern that the request is an example of; undefined: the catalog. */
  readonly pattern: string | undefined;
  /** Whether the time of the request matters. */
  readonly isTimed: boolean;
}

const CATALOG: Scope = { type: 'registry', name: 'catalog', actions: ['*'] };
const ALL = ['pull', 'push', 'delete', '*'] as const;
const DEEP = stepsOf({ segments: [{ kind: 'deep', key: '**' }] });
const DEFAULTS = { caller: ANONYMOUS, service: '', client: '', time: DEFAULT_TIME } as const;

/** The values of properties that conditions of the policies depend on. */
export function propertySamples(policies: readonly Policy[], words: Words): World['properties'] {
  const conditions = policies.flatMap(({ rules }) => rules.flatMap((rule) => rule.conditions));
  const patterns = conditions.flatMap(({ samples }) => samples?.service ?? []);
  const service = [words.at(0), ...patterns.flatMap((pattern) => servicesFitting([pattern], words))];
  const client = ['', ...conditions.flatMap(({ samples }) => samples?.client ?? [])];
  const time = sampleTimes(policies);
  return {
    service: { values: unique(service), isNeutral: isNeutral('service', service, conditions) },
    client: { values: unique(client), isNeutral: isNeutral('client', client, conditions) },
    time: { values: time, isNeutral: isNeutral('time', time, conditions) },
  };
}

/** Whether a condition that holds for the default holds for all values, so that the default matches fewest rules. */
function isNeutral(
  property: Property,
  [standard, ...others]: readonly (string | number)[],
  conditions: readonly Condition[],
): boolean {
  return conditions
    .filter((condition) => dependsOn(condition, property))
    .every((condition) => {
      if (!dependsOnlyOn(condition, property)) return false;
      const holds = (value: string | number | undefined): boolean =>
        condition.holds({ ...DEFAULTS, [property]: value }, '');
      return !holds(standard) || others.every(holds);
    });
}

export function* requestsFor(
  alternatives: readonly Alternative[],
  additional: readonly Asker[],
  form: Form,
  world: World,
): Generator<Request> {
  for (const subject of subjectsFor(alternatives, additional, form, world.words)) {
    yield* requestsOf(alternatives, subject, world);
  }
}

export function* requestsOf(alternatives: readonly Alternative[], subject: Subject, world: World): Generator<Request> {
  const conditions = alternatives.flatMap(({ rule }) => rule.conditions);
  const services = servicesFor(conditions, world);
  const clients = valuesFor('client', conditions, world);
  const times = valuesFor('time', conditions, world);
  const isTimed = world.properties.time.values.length > 1;
  for (const place of placesFor(alternatives, subject, world)) {
    const asked: Scope = place === undefined ? CATALOG : { type: 'repository', name: place.name, actions: ALL };
    for (const service of services) {
      for (const client of clients) {
        for (const time of times) {
          const situation = { caller: subject.caller, service, client, time };
          yield { situation, asked, pattern: place?.pattern, isTimed };
        }
      }
    }
  }
}

function placesFor(
  [first, second]: readonly Alternative[],
  { values }: Subject,
  { words, deepest }: World,
): readonly (Place | undefined)[] {
  if (first === undefined) return [];
  if (first.pattern === undefined) return second === undefined || second.pattern === undefined ? [undefined] : [];
  if (second !== undefined && second.pattern === undefined) return [];
  const other = second?.pattern === undefined ? DEEP : stepsOf(second.pattern, values[1]);
  const places = placesOf(stepsOf(first.pattern, values[0]), other, words, deepest);
  // A class of one rule is shown with the pattern as the rule has it.
  const { text } = first.pattern;
  return second === undefined ? places.map(({ name }) => ({ name, pattern: text })) : places;
}

/** Services are patterns, so a name must fit the patterns of all conditions at once. */
function servicesFor(conditions: readonly Condition[], world: World): readonly string[] {
  const { words, services, properties } = world;
  const lists = conditions.flatMap(({ samples }) => (samples?.service === undefined ? [] : [samples.service]));
  const combined =
    lists.length === 0 ? [] : combinations(lists).flatMap((patterns) => servicesFitting(patterns, words));
  const others = properties.service.isNeutral ? [] : properties.service.values;
  return holding('service', conditions, services ?? unique([words.at(0), ...combined, ...others]));
}

function combinations(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  let all: readonly (readonly string[])[] = [[]];
  for (const list of lists) all = all.flatMap((texts) => list.map((text) => [...texts, text]));
  return all;
}

/** Names that fit all of the patterns. */
function servicesFitting(patterns: readonly string[], words: Words): readonly string[] {
  return meetAll(
    patterns.map((text) => nameGlob(text, new Map())),
    words.at(0),
  );
}

function valuesFor<Key extends 'client' | 'time'>(
  property: Key,
  conditions: readonly Condition[],
  { properties }: World,
): readonly Situation[Key][] {
  const { values, isNeutral: isDefaultEnough } = properties[property];
  const isOpen = isDefaultEnough && !conditions.some((condition) => dependsOn(condition, property));
  return isOpen ? values.slice(0, 1) : holding(property, conditions, values);
}

/** The values for which those conditions hold that depend on this property alone. */
function holding<Value extends string | number>(
  property: Property,
  conditions: readonly Condition[],
  values: readonly Value[],
): readonly Value[] {
  const relevant = conditions.filter((condition) => dependsOnlyOn(condition, property));
  return values.filter((value) =>
    relevant.every((condition) => condition.holds({ ...DEFAULTS, [property]: value }, '')),
  );
}

function unique<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)];
}

/** Whether the conditions of all rules hold, except those that only a real request can show. */
export function conditionsHold(alternatives: readonly Alternative[], { situation, asked }: Request): boolean {
  return alternatives.every(({ rule }) =>
    rule.conditions.every((condition) => condition.samples === undefined || condition.holds(situation, asked.name)),
  );
}
