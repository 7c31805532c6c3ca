/** `clients: [10.0.0.0/8]`: the client addresses a rule is for. */
import { z } from 'zod';
import { rangeCovers } from '../../core/client-range.ts';
import { defineCondition } from '../../core/policy/condition.ts';
import type { ClientRange } from '../../core/policy/document.ts';
import { clientEdges } from '../client-edges.ts';
import { clientRange } from '../client-range.ts';
import type { ConditionKind } from './kind.ts';

const make = defineCondition<readonly ClientRange[]>({
  kind: 'clients',
  text: (ranges) => JSON.stringify(textsOf(ranges).toSorted()),
  holds: (ranges, { client }) => ranges.some((range) => range.contains(client)),
  // A range inside several others together is not recognized.
  covers: (wide, narrow) => narrow.every(({ text }) => wide.some((own) => rangeCovers(own.text, text))),
  meets: () => true,
  attributes: () => [],
  samples: (ranges) => ({ client: textsOf(ranges).flatMap(clientEdges) }),
  phrases: (ranges) => ({
    values: textsOf(ranges),
    nearMiss: 'from',
    because: 'client',
    requirement: `asked from ${textsOf(ranges).join(', ')}`,
    scope: 'from',
  }),
});

function textsOf(ranges: readonly ClientRange[]): readonly string[] {
  return ranges.map(({ text }) => text);
}

export const clients: ConditionKind = {
  key: 'clients',
  description: 'The client addresses that the rule applies to: addresses and CIDRs, IPv4 and IPv6. Default: all.',
  schema: z.array(clientRange).min(1).transform(make),
  evaluation: 'any',
  examples: [['10.0.0.0/8'], ['10.1.0.0/16', '192.0.2.1'], ['fd00::/8']],
};
