/** The conditions that a rule may have. A new kind is a file in this folder and one line in this list. */
import { isCondition } from '../../core/policy/condition.ts';
import type { Condition } from '../../core/policy/condition.ts';
import { clients } from './clients.ts';
import { except } from './except.ts';
import type { ConditionKind } from './kind.ts';
import { match } from './match.ts';
import { services } from './services.ts';

export type { ConditionKind } from './kind.ts';

/** In the order of the policy's reference. */
export const conditionKinds: readonly ConditionKind[] = [except, services, clients, match];

/** Conditions as they are written in a rule, by key. */
export type WrittenConditions = Readonly<Record<string, unknown>>;

/** The conditions of a rule that the policy's schema has parsed. */
export function conditionsIn(rule: object, kinds: readonly ConditionKind[]): readonly Condition[] {
  const values = new Map<string, unknown>(Object.entries(rule));
  return kinds.flatMap(({ key }) => {
    const value = values.get(key);
    return isCondition(value) ? [value] : [];
  });
}

/**
 * Parses conditions that have been valid before.
 *
 * @throws ZodError if one of them is not
 */
export function parseConditions(written: WrittenConditions, kinds = conditionKinds): readonly Condition[] {
  return kinds.flatMap(({ key, schema }) => (written[key] === undefined ? [] : [schema.parse(written[key])]));
}

/** The conditions in a rule of the YAML document. */
export function writtenConditions(rule: object, kinds = conditionKinds): WrittenConditions {
  const keys = new Set(kinds.map(({ key }) => key));
  return Object.fromEntries(Object.entries(rule).filter(([key]) => keys.has(key)));
}
