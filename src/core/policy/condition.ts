/**
 * A condition of a rule: what must hold in addition to who asks for which repository.
 *
 * Every reader of rules (decide, near misses, who-can, relations, diff, lint, replay) uses this type and knows no kind of
 * condition. A new kind answers every question below with one call of `defineCondition`.
 */
import type { Asker } from './asker.ts';
import type { Situation } from './situation.ts';

export interface Condition {
  /** The key in the policy file. */
  readonly kind: string;
  /** Equal for two conditions of one kind exactly if they mean the same; undefined: equal to no other condition. */
  readonly text: string | undefined;
  /** @param name the repository, or `catalog` */
  holds(situation: Situation, name: string): boolean;
  /** Sound: true only if this condition holds wherever the other one holds. */
  covers(other: Condition): boolean;
  /** Sound: false only if no request satisfies both. */
  meets(other: Condition): boolean;
  /** The attributes and claims that it reads, as `attr:department`. */
  readonly attributes: readonly string[];
  /** Undefined: nothing but a request can show whether it holds. */
  readonly samples: Samples | undefined;
  readonly phrases: Phrases;
}

/**
 * What a search must try. The condition depends on the listed properties of a request and on nothing else. Services and
 * clients must include a value for each answer the condition gives, and for each answer that several conditions of the
 * kind give together: the borders of a range, on both sides.
 */
interface Samples {
  /** Patterns for service names; `*` matches any characters. */
  readonly service?: readonly string[];
  readonly client?: readonly string[];
  readonly time?: TimeSamples;
  /** Callers for whom the condition does not hold, whoever else they are. */
  readonly exceptions?: readonly Asker[];
}

/** When the answer changes. Searches combine the times of all conditions. */
export interface TimeSamples {
  /** Each time from which on the answer may be another one, in seconds since 1970-01-01T00:00:00Z. */
  readonly changes: readonly number[];
  /** The seconds after which all answers repeat: 86,400 for hours of a day. Then `changes` are those of one period. */
  readonly period?: number;
}

interface Phrases {
  /** What the condition names, as written: `10.0.0.0/8`. */
  readonly values: readonly string[];
  /** Before the values, for a rule that does not apply: `allows pull here, but from 10.0.0.0/8`. */
  readonly nearMiss: string;
  /** The same for programs: `client`. */
  readonly because: string;
  /** What a request must fulfil, after `if`: `asked from 10.0.0.0/8`. */
  readonly requirement: string;
  /** Before the values, after a repository: `web/** from 10.0.0.0/8`. Undefined: not shown there. */
  readonly scope: string | undefined;
}

/** Everything there is to know of a kind of condition. All members are required: no reader has a default. */
export interface ConditionDefinition<Value> {
  readonly kind: string;
  text(value: Value): string | undefined;
  holds(value: Value, situation: Situation, name: string): boolean;
  /** Sound: true only if `wide` holds wherever `narrow` holds. */
  covers(wide: Value, narrow: Value): boolean;
  /** Sound: false only if no request satisfies both. */
  meets(a: Value, b: Value): boolean;
  attributes(value: Value): readonly string[];
  samples(value: Value): Samples | undefined;
  phrases(value: Value): Phrases;
}

const all = new WeakSet<object>();

export function isCondition(value: unknown): value is Condition {
  return typeof value === 'object' && value !== null && all.has(value);
}

/** @returns the maker of conditions of this kind */
export function defineCondition<Value>(definition: ConditionDefinition<Value>): (value: Value) => Condition {
  const { kind } = definition;
  const values = new WeakMap<Condition, Value>();

  /** Compares with another condition of the same kind; of different kinds nothing is certain. */
  function relate(other: Condition, relation: (value: Value) => boolean, otherwise: boolean): boolean {
    const value = values.get(other);
    return value === undefined ? otherwise : relation(value);
  }

  return (value) => {
    // Ten thousand rules are compiled and few of them are searched, so samples and phrases are made on demand.
    const samples = once(() => definition.samples(value));
    const phrases = once(() => definition.phrases(value));
    const text = once(() => definition.text(value));
    const condition: Condition = {
      kind,
      get text() {
        return text();
      },
      holds: (situation, name) => definition.holds(value, situation, name),
      covers: (other) => relate(other, (narrow) => definition.covers(value, narrow), false),
      meets: (other) => relate(other, (own) => definition.meets(value, own), true),
      attributes: definition.attributes(value),
      get samples() {
        return samples();
      },
      get phrases() {
        return phrases();
      },
    };
    values.set(condition, value);
    all.add(condition);
    return condition;
  };
}

function once<Result>(make: () => Result): () => Result {
  let made: { readonly result: Result } | undefined;
  return () => (made ??= { result: make() }).result;
}

/** Whether the condition only excludes callers: a rule with it is still for nearly everybody whom it names. */
export function isException({ samples }: Condition): boolean {
  return samples?.exceptions !== undefined && Object.keys(samples).length === 1;
}

/** The callers whom the conditions except. */
export function exceptionsOf(conditions: readonly Condition[]): readonly Asker[] {
  return conditions.flatMap(({ samples }) => samples?.exceptions ?? []);
}

/** The properties of a request that searches vary, in addition to the caller and the repository. */
export type Property = 'service' | 'client' | 'time';

/** Whether the condition depends on this property. */
export function dependsOn({ samples }: Condition, property: Property): boolean {
  return samples?.[property] !== undefined;
}

/** Whether the condition depends on nothing but this property. */
export function dependsOnlyOn({ samples }: Condition, property: Property): boolean {
  return samples?.[property] !== undefined && Object.keys(samples).length === 1;
}

/** What the conditions require in addition to who and where: exceptions and services are shown separately. */
export function requirementsOf(conditions: readonly Condition[]): readonly string[] {
  return conditions
    .filter((condition) => !isException(condition) && !dependsOnlyOn(condition, 'service'))
    .map(({ phrases }) => phrases.requirement);
}
