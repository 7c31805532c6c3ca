/** The services, client addresses and times that a search tries. */
import { ANONYMOUS } from '../../identity.ts';
import { dependsOn, dependsOnlyOn } from '../condition.ts';
import type { Condition, Property } from '../condition.ts';
import { sampleTimes } from '../sample-times.ts';
import type { Rule } from '../rule.ts';
import { DEFAULT_TIME } from '../situation.ts';
import type { Situation } from '../situation.ts';
import type { Effort } from './effort.ts';
import { intersectAll, nameGlob, STAR } from './glob.ts';
import { FIRST_WORD } from './words.ts';
import type { Words } from './words.ts';

export type Properties = { readonly [Key in Property]: PropertySamples<Situation[Key]> };

interface PropertySamples<Value> {
  /** The first one is the default. */
  readonly values: readonly Value[];
  /** Whether the default stands for all values, as far as no condition of the rules in question depends on the value. */
  readonly isNeutral: boolean;
}

type Circumstances = Pick<Situation, Property>;

const DEFAULTS: Situation = { caller: ANONYMOUS, service: '', client: '', time: DEFAULT_TIME };

/** The values of properties that conditions of the rules depend on. */
export function propertySamples(rules: readonly Rule[], words: Words, effort: Effort): Properties {
  const conditions = rules.flatMap((rule) => rule.conditions);
  const patterns = [...new Set(conditions.flatMap(({ samples }) => samples?.service ?? []))];
  const service = [
    words.at(FIRST_WORD.service),
    ...patterns.flatMap((pattern) => servicesFitting([pattern], words, effort)),
  ];
  const client = ['', ...conditions.flatMap(({ samples }) => samples?.client ?? [])];
  const { values: time, isComplete } = sampleTimes([{ rules }]);
  if (!isComplete) effort.giveUp('rules depend on the time in too many ways');
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

interface PropertyWorld {
  readonly words: Words;
  readonly effort: Effort;
  readonly services: readonly string[] | undefined;
  readonly client: string | undefined;
  readonly properties: Properties;
}

/** The circumstances in which the conditions can hold. */
export function circumstancesFor(conditions: readonly Condition[], world: PropertyWorld): readonly Circumstances[] {
  const isClientGiven = world.client !== undefined && !conditions.some((condition) => dependsOn(condition, 'client'));
  const clients = isClientGiven ? [world.client ?? ''] : valuesFor('client', conditions, world);
  const times = valuesFor('time', conditions, world);
  return servicesFor(conditions, world).flatMap((service) =>
    clients.flatMap((client) => times.map((time) => ({ service, client, time }))),
  );
}

/** Services are patterns, so a name must fit the patterns of all conditions at once. */
function servicesFor(conditions: readonly Condition[], { words, effort, services, properties }: PropertyWorld) {
  const lists = conditions.flatMap(({ samples }) => (samples?.service === undefined ? [] : [samples.service]));
  const combined =
    lists.length === 0 ? [] : combinations(lists).flatMap((patterns) => servicesFitting(patterns, words, effort));
  const others = properties.service.isNeutral ? [] : properties.service.values;
  return holding('service', conditions, services ?? unique([words.at(FIRST_WORD.service), ...combined, ...others]));
}

function combinations(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  let all: readonly (readonly string[])[] = [[]];
  for (const list of lists) all = all.flatMap((texts) => list.map((text) => [...texts, text]));
  return all;
}

/** Names that fit all of the patterns. `*` may be empty; a name in braces may not. */
function servicesFitting(patterns: readonly string[], words: Words, effort: Effort): readonly string[] {
  const globs = intersectAll(
    patterns.map((text) => nameGlob(text)),
    effort,
  );
  return globs
    .flatMap((glob) =>
      [words.at(FIRST_WORD.service), ''].map((word) => glob.map((token) => (token === STAR ? word : token)).join('')),
    )
    .filter((name) => name !== '');
}

function valuesFor<Key extends 'client' | 'time'>(
  property: Key,
  conditions: readonly Condition[],
  { properties }: PropertyWorld,
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
