/** Kinds of conditions that only tests have: each depends on a property of requests as no real kind does. */
import { z } from 'zod';
import type { ConditionKind } from '../../src/config/conditions/index.ts';
import { defineCondition } from '../../src/core/policy/condition.ts';
import type { ConditionDefinition } from '../../src/core/policy/condition.ts';

interface Period {
  /** The first second. */
  readonly from: number;
  /** The second after the last one. */
  readonly to: number;
}

/** `period: { from: 100, to: 200 }`: seconds since 1970. */
export const periodDefinition: ConditionDefinition<Period> = {
  kind: 'period',
  text: ({ from, to }) => `${from}-${to}`,
  holds: ({ from, to }, { time }) => from <= time && time < to,
  covers: (wide, narrow) => wide.from <= narrow.from && narrow.to <= wide.to,
  meets: (a, b) => a.from < b.to && b.from < a.to,
  attributes: () => [],
  samples: ({ from, to }) => ({ time: { changes: [from, to] } }),
  phrases: ({ from, to }) => ({
    values: [`${from} to ${to}`],
    nearMiss: 'in the period',
    because: 'period',
    requirement: `asked in the period ${from} to ${to}`,
    scope: 'in the period',
  }),
};

interface Hours {
  readonly from: number;
  /** The hour after the last one, of the same day. */
  readonly to: number;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

/** `hours: { from: 9, to: 17 }`: hours of each day, in UTC. */
export const hoursDefinition: ConditionDefinition<Hours> = {
  kind: 'hours',
  text: ({ from, to }) => `${from}-${to}`,
  holds: ({ from, to }, { time }) => {
    const second = ((time % DAY) + DAY) % DAY;
    return from * HOUR <= second && second < to * HOUR;
  },
  covers: (wide, narrow) => wide.from <= narrow.from && narrow.to <= wide.to,
  meets: (a, b) => a.from < b.to && b.from < a.to,
  attributes: () => [],
  samples: ({ from, to }) => ({ time: { changes: [from * HOUR, to * HOUR], period: DAY } }),
  phrases: ({ from, to }) => ({
    values: [`${from} to ${to}`],
    nearMiss: 'in the hours',
    because: 'hours',
    requirement: `asked in the hours ${from} to ${to}`,
    scope: 'in the hours',
  }),
};

/** `notFrom: 10.0.0.1`: unlike `clients`, it holds for an address that no rule names. */
export const notFromDefinition: ConditionDefinition<string> = {
  kind: 'notFrom',
  text: (address) => address,
  holds: (address, { client }) => client !== address,
  covers: (wide, narrow) => wide === narrow,
  meets: () => true,
  attributes: () => [],
  samples: (address) => ({ client: [address] }),
  phrases: (address) => ({
    values: [address],
    nearMiss: 'not from',
    because: 'notFrom',
    requirement: `not asked from ${address}`,
    scope: 'not from',
  }),
};

/** @param definition differs from the one above in a test that plants a fault */
export function periodKind(definition = periodDefinition): ConditionKind {
  return {
    key: 'period',
    description: 'The seconds the rule is for',
    schema: z.strictObject({ from: z.int(), to: z.int() }).transform(defineCondition(definition)),
    evaluation: 'any',
    examples: [
      { from: 100, to: 200 },
      { from: 150, to: 200 },
      { from: 200, to: 300 },
      { from: 0, to: 1000 },
      { from: 0, to: 10 * DAY + 10 * HOUR },
    ],
  };
}

export function hoursKind(definition = hoursDefinition): ConditionKind {
  return {
    key: 'hours',
    description: 'The hours of the day the rule is for',
    schema: z.strictObject({ from: z.int(), to: z.int() }).transform(defineCondition(definition)),
    evaluation: 'any',
    examples: [
      { from: 9, to: 17 },
      { from: 8, to: 12 },
    ],
  };
}

export function notFromKind(definition = notFromDefinition): ConditionKind {
  return {
    key: 'notFrom',
    description: 'An address the rule is not for',
    schema: z.string().transform(defineCondition(definition)),
    evaluation: 'any',
    examples: ['10.0.0.1', '192.0.2.1'],
  };
}

export const testKinds: readonly ConditionKind[] = [periodKind(), hoursKind(), notFromKind()];
