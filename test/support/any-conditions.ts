/** Random conditions and random requests, made from the examples of a list of kinds. */
import * as fc from 'fast-check';
import { conditionKinds } from '../../src/config/conditions/index.ts';
import type { ConditionKind } from '../../src/config/conditions/index.ts';
import type { Asker as WhoAsker } from '../../src/core/policy/asker.ts';
import type { Condition } from '../../src/core/policy/condition.ts';
import type { Asker, RuleText } from './policy-builder.ts';
import { testKinds } from './test-conditions.ts';

/** All kinds there are, and those that only tests have. */
export const allKinds: readonly ConditionKind[] = [...conditionKinds, ...testKinds];
/** The kinds whose answers a search can find. */
export const searchableKinds = allKinds.filter((kind) =>
  examplesOf(kind).every(({ samples }) => samples !== undefined),
);

export function examplesOf({ schema, examples }: ConditionKind): readonly Condition[] {
  return examples.map((example) => schema.parse(example));
}

/** The keys of a rule: few conditions or none. */
export function anyConditions(kinds: readonly ConditionKind[]): fc.Arbitrary<RuleText> {
  const keys = kinds.map(({ key, examples }) => [key, fc.constantFrom(...examples)] as const);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    fc.constantFrom(...keys).chain(([key, value]) => value.map((example) => ({ [key]: example }))),
    fc.record(Object.fromEntries(keys), { requiredKeys: [] }),
  );
}

/** A service, an address and a time for which the conditions give different answers. */
export function anyProperties(kinds: readonly ConditionKind[]): fc.Arbitrary<Pick<Required<Asker>, keyof Properties>> {
  const { service, client, time } = propertiesOf(kinds);
  return fc.record({
    service: fc.constantFrom(...service),
    client: fc.constantFrom(...client),
    time: fc.oneof(fc.constantFrom(...time), fc.integer({ min: -SOME_DAYS, max: SOME_DAYS })),
  });
}

const SOME_DAYS = 20 * 86_400;

interface Properties {
  readonly service: readonly string[];
  readonly client: readonly string[];
  readonly time: readonly number[];
}

/** The samples of all examples, and values that none of them names. */
export function propertiesOf(kinds: readonly ConditionKind[]): Properties {
  const samples = kinds.flatMap(examplesOf).flatMap((condition) => condition.samples ?? []);
  const services = samples.flatMap(({ service = [] }) => service.map((pattern) => pattern.replaceAll('*', 'x')));
  return {
    service: [...new Set(['elsewhere', ...services])],
    client: [...new Set(['203.0.113.9', ...samples.flatMap(({ client = [] }) => client)])],
    time: [...new Set([-1, 0, ...samples.flatMap(({ time }) => time?.changes ?? [])])],
  };
}

/** Users and groups of the exceptions of all examples. */
export function callersOf(kinds: readonly ConditionKind[]): readonly Asker[] {
  const exceptions = kinds.flatMap(examplesOf).flatMap(({ samples }) => samples?.exceptions ?? []);
  const named = exceptions.flatMap((who: WhoAsker): readonly Asker[] => {
    if (who.kind === 'everyone') return [];
    const name = who.pair.exact.text.replaceAll('*', 'x');
    return [who.kind === 'user' ? { user: name } : { user: 'carol', groups: [name] }];
  });
  return [{}, { user: 'carol' }, ...named];
}
