/** The services, client addresses and times that a search tries. */
import { describe, expect, it } from 'vitest';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import { circumstancesFor } from '../../../../../src/core/policy/exact/properties.ts';
import { relevantProperties, worldOf } from '../../../../../src/core/policy/exact/world.ts';
import { DEFAULT_TIME } from '../../../../../src/core/policy/situation.ts';
import { allKinds } from '../../../../support/any-conditions.ts';
import { defineCondition } from '../../../../../src/core/policy/condition.ts';
import { conditionWhere, policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const RULE: RuleText = { users: ['*'], repositories: ['x'], allow: ['pull'] };

interface Known {
  readonly services?: readonly string[];
  readonly client?: string;
}

/** The circumstances in which the conditions of the first rules can hold, in a policy with all of them. */
function circumstances(own: readonly RuleText[], others: readonly RuleText[] = [], known: Known = {}) {
  const policy = policyOf(
    [...own, ...others].map((text) => ({ ...RULE, ...text })),
    {},
    undefined,
    allKinds,
  );
  const effort = createEffort();
  const world = worldOf([policy], effort, known);
  const conditions = policy.rules.slice(0, own.length).flatMap((rule) => rule.conditions);
  return { found: circumstancesFor(conditions, world), word: world.words.at(0), world, reasons: effort.reasons() };
}

/** Holds for one service from one address. */
const fromThere = defineCondition<string>({
  kind: 'from there',
  text: (address) => address,
  holds: (address, { service, client }) => service === 'there' && client === address,
  covers: () => false,
  meets: () => true,
  attributes: () => [],
  samples: (address) => ({ service: ['there'], client: [address] }),
  phrases: () => ({ values: [], nearMiss: '', because: 'test', requirement: 'test', scope: undefined }),
});

const services = (...given: Parameters<typeof circumstances>): readonly string[] =>
  circumstances(...given).found.map(({ service }) => service);
const clients = (...given: Parameters<typeof circumstances>): readonly string[] =>
  circumstances(...given).found.map(({ client }) => client);

describe('a search tries', () => {
  it('one request of a service that no rule names, without an address, where no rule depends on them', () => {
    const { found, word, world } = circumstances([{}]);

    expect(found).toEqual([{ service: word, client: '', time: DEFAULT_TIME }]);
    expect([...relevantProperties(world)]).toEqual([]);
  });

  it('the services that fit the pattern of a condition, with a word or nothing for a star', () => {
    const { word } = circumstances([{ services: ['one', 'o*'] }]);

    expect(services([{ services: ['one', 'o*'] }])).toEqual(['one', `o${word}`, 'o']);
    expect(services([{ services: ['*'] }])).toEqual([word]);
  });

  it('the services that fit the patterns of all conditions at once', () => {
    const { word } = circumstances([{ services: ['o*'] }, { services: ['*e'] }]);

    expect(services([{ services: ['o*'] }, { services: ['*e', 'two'] }])).toEqual([`o${word}e`, 'oe']);
    expect(services([{ services: ['one'] }, { services: ['two'] }])).toEqual([]);
  });

  it('no service of another rule, because a condition that the word does not fit matches fewer requests', () => {
    const { word } = circumstances([{}], [{ services: ['one'] }]);

    expect(services([{}], [{ services: ['one'] }])).toEqual([word]);
  });

  it('only services that are configured, and of these the ones for which the conditions hold', () => {
    expect(services([{}], [], { services: ['one', 'two'] })).toEqual(['one', 'two']);
    expect(services([{ services: ['o*'] }], [], { services: ['one', 'two'] })).toEqual(['one']);
  });

  it('the addresses at the edges of a range, as far as all conditions hold', () => {
    const inside = clients([{ clients: ['10.0.0.0/8'] }]);

    expect(inside).toContain('10.0.0.0');
    expect(inside).toContain('10.255.255.255');
    expect(inside).not.toContain('');
    expect(inside).not.toContain('11.0.0.0');
    expect(clients([{ clients: ['10.0.0.0/8'] }, { clients: ['192.0.2.1'] }])).toEqual([]);
  });

  it('no address for a rule that does not depend on it', () => {
    expect(clients([{}], [{ clients: ['10.0.0.0/8'] }])).toEqual(['']);
  });

  it('the address that is given, for rules that do not depend on it', () => {
    const given = { client: '192.0.2.7' };

    expect(clients([{}], [{ clients: ['10.0.0.0/8'] }], given)).toEqual(['192.0.2.7']);
    expect(clients([{ clients: ['10.0.0.0/8'] }], [], given)).toEqual(clients([{ clients: ['10.0.0.0/8'] }]));
    expect(clients([{ services: ['one'] }, { clients: ['10.0.0.0/8'] }], [], given)).toContain('10.0.0.0');
  });

  it('the addresses of other rules, where one of their conditions holds without an address and not with one', () => {
    const others: readonly RuleText[] = [{ clients: ['192.0.2.1'] }, { notFrom: '10.0.0.1' }];

    expect(clients([{}], others)).toContain('10.0.0.1');
    expect(clients([{}], others)).toContain('');
    expect(clients([{}], others.slice(0, 1))).toEqual(['']);
  });

  it('the services and addresses of other rules, where one of their conditions depends on both', () => {
    const other: RuleText = { match: fromThere('192.0.2.7') };

    expect(services([{}], [other])).toContain('there');
    expect(clients([{}], [other])).toContain('192.0.2.7');
    expect(services([other])).toContain('there');
    expect(clients([other])).toContain('192.0.2.7');
  });

  it('the times at which another rule begins or ends to hold, where it holds at the default time', () => {
    const times = (rules: readonly RuleText[], others: readonly RuleText[]): readonly number[] =>
      circumstances(rules, others).found.map(({ time }) => time);

    expect(times([{}], [{ period: { from: 100, to: 200 } }])).toEqual([DEFAULT_TIME]);
    expect(times([{}], [{ period: { from: -5, to: 200 } }])).toContain(200);
    expect(times([{ period: { from: 100, to: 200 } }], [])).toEqual([100]);
  });

  it('each service with each address', () => {
    const { found } = circumstances([{ services: ['one', 'two'], clients: ['192.0.2.1'] }]);

    expect(found.map(({ service, client }) => `${service} ${client}`)).toEqual(['one 192.0.2.1', 'two 192.0.2.1']);
  });

  it('what a condition that only a request can show depends on, as if it held', () => {
    const { found, word } = circumstances([{ match: conditionWhere(() => false) }]);

    expect(found).toEqual([{ service: word, client: '', time: DEFAULT_TIME }]);
  });
});

it('decisions may depend on the properties for which rules have conditions', () => {
  const { world } = circumstances([{ services: ['one'] }, { clients: ['10.0.0.0/8'] }]);

  expect([...relevantProperties(world)]).toEqual(['service', 'client']);
});
