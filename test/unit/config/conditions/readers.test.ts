/**
 * Every reader of rules takes every kind of condition into account. The test walks the list of kinds: a new kind is
 * tested as soon as it is in the list.
 */
import { describe, expect, it } from 'vitest';
import type { ConditionKind } from '../../../../src/config/conditions/index.ts';
import { isException } from '../../../../src/core/policy/condition.ts';
import type { Condition } from '../../../../src/core/policy/condition.ts';
import { compareByClasses } from '../../../../src/core/policy/diff/classes.ts';
import { createReplay } from '../../../../src/core/policy/diff/replay.ts';
import { explain } from '../../../../src/core/policy/explain.ts';
import { lintPolicy } from '../../../../src/core/policy/lint/lint.ts';
import { nearMisses } from '../../../../src/core/policy/near-misses.ts';
import type { Policy } from '../../../../src/core/policy/policy.ts';
import { runPolicyTests } from '../../../../src/core/policy/policy-test.ts';
import { ruleCovers, rulesMeet } from '../../../../src/core/policy/relation/rules.ts';
import type { Situation } from '../../../../src/core/policy/situation.ts';
import { whoCan } from '../../../../src/core/policy/who-can.ts';
import { allKinds, callersOf, examplesOf, propertiesOf } from '../../../support/any-conditions.ts';
import { ask, policyOf, situationOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';
import {
  hoursDefinition,
  hoursKind,
  notFromDefinition,
  notFromKind,
  periodDefinition,
  periodKind,
} from '../../../support/test-conditions.ts';

interface Request {
  readonly asker: Asker;
  readonly situation: Situation;
  readonly name: string;
}

/** One rule with a condition, the same rule without it, and a request for which they differ. */
interface Case {
  readonly condition: Condition;
  readonly conditional: Policy;
  readonly unconditional: Policy;
  readonly failing: Request;
}

const RULE: RuleText = { name: 'r', everyone: true, repositories: ['**'], allow: ['pull', 'push'] };

function caseOf(kind: ConditionKind, example: unknown): Case {
  const condition = kind.schema.parse(example);
  const failing = requestsFor(kind).find((request) => !holds(condition, request));
  if (failing === undefined) throw new Error(`no request for which ${kind.key} does not hold`);
  return {
    condition,
    conditional: policyOf([{ ...RULE, [kind.key]: example }], {}, undefined, [kind]),
    unconditional: policyOf([RULE]),
    failing,
  };
}

/** Requests for which the conditions of all kinds give different answers, whether they name these samples or not. */
function requestsFor(kind: ConditionKind): readonly Request[] {
  const kinds = allKinds.includes(kind) ? allKinds : [...allKinds, kind];
  const askers = [...callersOf(kinds), { user: 'bob' }, { user: 'alice', groups: ['team-web'] }];
  const { service: services, client: clients, time: times } = propertiesOf(kinds);
  const requests: Request[] = [];
  for (const who of askers) {
    for (const service of services) {
      for (const client of clients) {
        for (const time of times) {
          const asker = { ...who, service, client, time };
          for (const name of ['web/a', 'x']) requests.push({ asker, situation: situationOf(asker), name });
        }
      }
    }
  }
  return requests;
}

function holds(condition: Condition, { situation, name }: Request): boolean {
  return condition.holds(situation, name);
}

const scopeOf = ({ name }: Request): string => `repository:${name}:push`;

/** Each says whether a reader shows that the rule has a condition. */
const READERS: Readonly<Record<string, (one: Case) => boolean>> = {
  decide: ({ conditional, unconditional, failing }) =>
    ask(conditional, failing.asker, scopeOf(failing)).granted.length === 0 &&
    ask(unconditional, failing.asker, scopeOf(failing)).granted.length === 1,
  'near misses': ({ condition, conditional, failing }) => {
    const grant = ask(conditional, failing.asker, scopeOf(failing));
    const misses = nearMisses(conditional, failing.situation, grant);
    const { because, nearMiss, values } = condition.phrases;
    return misses[0]?.because === because && explain(grant, misses).join('\n').includes(`${nearMiss} ${values[0]}`);
  },
  'who-can': ({ conditional, unconditional, failing: { asker, name } }) => {
    const options = { service: asker.service ?? '', client: asker.client ?? '', users: [] };
    const shown = [conditional, unconditional].map((policy) =>
      whoCan(policy, 'push', name, options).grantees.map(({ who, conditions, except }) => [who, conditions, except]),
    );
    return JSON.stringify(shown[0]) !== JSON.stringify(shown[1]);
  },
  relation: ({
    conditional: {
      rules: [narrow],
    },
    unconditional: {
      rules: [wide],
    },
  }) => narrow !== undefined && wide !== undefined && ruleCovers(wide, narrow) && !ruleCovers(narrow, wide),
  'lint of one rule': ({ condition, conditional, unconditional }) => {
    const [own, without] = [conditional, unconditional].map((policy) => codes(policy).includes('wide-write'));
    return without === true && (isException(condition) || own === false);
  },
  diff: ({ conditional, unconditional }) => {
    const { classes, undecided } = compareByClasses(conditional, unconditional);
    return classes.some(({ change }) => change === 'gained') || undecided.length > 0;
  },
  'diff of equal policies': ({ conditional }) =>
    compareByClasses(conditional, conditional).classes.length === 0 &&
    compareByClasses(conditional, conditional).undecided.length === 0,
  replay: ({ conditional, unconditional, failing: request }) => {
    const replay = createReplay(conditional, unconditional);
    const asked = { type: 'repository', name: request.name, actions: ['push'] };
    replay.add({
      time: '1970-01-01T00:00:00Z',
      situation: request.situation,
      groupsMissing: 0,
      revision: 'test',
      decisions: [{ asked, granted: [] }],
    });
    return replay.result().changed.length === 1 && replay.result().disagreeing.decisions === 0;
  },
  'policy tests': ({ conditional, unconditional, failing: { asker, name } }) => {
    const test = {
      file: '',
      line: 1,
      user: asker.user,
      groups: asker.groups ?? [],
      service: asker.service,
      client: asker.client,
      time: asker.time,
      scope: { type: 'repository', name, actions: ['push'] },
      expect: [],
    };
    const passed = [conditional, unconditional].map((policy) => runPolicyTests(policy, [test])[0]?.passed);
    return passed[0] === true && passed[1] === false;
  },
};

function codes(policy: Policy): readonly string[] {
  return lintPolicy(policy, undefined).findings.map(({ code }) => code);
}

/** The readers that do not show that a rule has a condition of the kind. */
function readersIgnoring(kind: ConditionKind, readers = READERS): readonly string[] {
  const cases = kind.examples.map((example) => caseOf(kind, example));
  return Object.entries(readers)
    .filter(([, shows]) => !cases.every(shows))
    .map(([name]) => name);
}

/** The answers of a kind that requests contradict. */
function wrongAnswers(kind: ConditionKind): readonly string[] {
  const requests = requestsFor(kind);
  const judged = examplesOf(kind).map((condition) => ({
    condition,
    answers: requests.map((request) => holds(condition, request)),
  }));
  const wrong = new Set<string>();
  for (const { condition: one, answers } of judged) {
    if (!one.covers(one)) wrong.add('covers: not itself');
    if (isMisleading(one, requests)) wrong.add('samples: depends on something else');
    if (changesBetween(one, requests)) wrong.add('samples: changes at another time');
    for (const { condition: other, answers: others } of judged) {
      if (one.covers(other) && answers.some((own, at) => others[at] === true && !own)) wrong.add('covers');
      if (!one.meets(other) && answers.some((own, at) => own && others[at] === true)) wrong.add('meets');
      const isSame = one.text !== undefined && one.text === other.text;
      if (isSame && answers.some((own, at) => own !== others[at])) wrong.add('text');
    }
  }
  return [...wrong];
}

/** Whether two requests get different answers although everything is equal that the samples name. */
function isMisleading(condition: Condition, requests: readonly Request[]): boolean {
  const { samples } = condition;
  if (samples === undefined) return false;
  const answers = new Map<string, boolean>();
  return requests.some((request) => {
    const { user, groups, service, client, time } = request.asker;
    const key = JSON.stringify([
      samples.service && service,
      samples.client && client,
      samples.time && time,
      samples.exceptions && [user, groups],
    ]);
    const answer = holds(condition, request);
    const first = answers.get(key) ?? answer;
    answers.set(key, first);
    return first !== answer;
  });
}

/** Whether the answer at some time is another one than at the change before it. */
function changesBetween(condition: Condition, requests: readonly Request[]): boolean {
  const { samples } = condition;
  if (samples?.time === undefined) return false;
  const { changes, period } = samples.time;
  const times = timesAround(changes);
  const latest = (time: number): number => {
    const repeated = changes.map((change) => (period === undefined ? change : time - mod(time - change, period)));
    const before = repeated.filter((change) => change <= time);
    return before.length === 0 ? Math.min(...repeated) - 1 : Math.max(...before);
  };
  // Nothing but the time is varied, unless the condition depends on something else as well.
  const isTimeAlone = Object.keys(samples).length === 1;
  return (isTimeAlone ? requests.slice(0, 1) : requests).some(({ situation, name }) => {
    const holdsAt = (time: number): boolean => condition.holds({ ...situation, time }, name);
    return times.some((time) => holdsAt(time) !== holdsAt(latest(time)));
  });
}

const HOUR = 3600;
const YEAR = 365.2425 * 24 * HOUR;

/** Times near the changes and between them, hours of some days, and years. */
function timesAround(changes: readonly number[]): readonly number[] {
  const sorted = changes.toSorted((a, b) => a - b);
  return [
    ...sorted.flatMap((change, index) => [
      change - 1,
      change,
      Math.floor((change + (sorted[index + 1] ?? change)) / 2),
    ]),
    ...[0, 60 * YEAR].flatMap((start) => Array.from({ length: 80 }, (_, index) => start + index * 5 * HOUR)),
    ...Array.from({ length: 150 }, (_, index) => (index - 20) * YEAR),
  ];
}

function mod(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

describe('every kind of condition', () => {
  it.each(allKinds.map((kind) => [kind.key, kind] as const))(
    '%s is taken into account by every reader',
    (_key, kind) => {
      expect(readersIgnoring(kind)).toEqual([]);
    },
  );

  it.each(allKinds.map((kind) => [kind.key, kind] as const))(
    '%s gives answers that all requests confirm',
    (_key, kind) => {
      expect(wrongAnswers(kind)).toEqual([]);
    },
  );

  it.each(allKinds.map((kind) => [kind.key, kind] as const))(
    '%s has two examples that do not cover each other',
    (_key, kind) => {
      const conditions = examplesOf(kind);

      expect(conditions.some((one) => conditions.some((other) => !one.covers(other) && !other.covers(one)))).toBe(true);
    },
  );
});

describe('the checks above fail', () => {
  it('for a reader that ignores the conditions of rules', () => {
    const ignoring = (one: Case): boolean => READERS['diff']?.({ ...one, conditional: one.unconditional }) ?? true;

    expect(readersIgnoring(periodKind(), { ...READERS, diff: ignoring })).toEqual(['diff']);
  });

  it.each([
    ['without samples', { samples: () => ({}) }, ['diff']],
    ['with samples that do not fail', { samples: () => ({ time: { changes: [110, 120] } }) }, ['diff']],
  ])('for a condition %s', (_what, part, expected) => {
    expect(readersIgnoring(periodKind({ ...periodDefinition, ...part }))).toEqual(expect.arrayContaining(expected));
  });

  it.each([
    ['covers', { covers: () => true }],
    ['covers: not itself', { covers: () => false }],
    ['meets', { meets: () => false }],
    ['text', { text: () => 'always' }],
    ['samples: depends on something else', { samples: () => ({ client: ['10.0.0.1'] }) }],
    ['samples: changes at another time', { samples: ({ from }) => ({ time: { changes: [from] } }) }],
    ['samples: changes at another time', { samples: ({ to }) => ({ time: { changes: [to] } }) }],
  ] satisfies readonly (readonly [string, Partial<typeof periodDefinition>])[])(
    'for a condition whose answer is wrong: %s',
    (answer, part) => {
      expect(wrongAnswers(periodKind({ ...periodDefinition, ...part }))).toContain(answer);
    },
  );

  it('for a condition that repeats and does not say so', () => {
    const kind = hoursKind({
      ...hoursDefinition,
      samples: ({ from, to }) => ({ time: { changes: [from * HOUR, to * HOUR] } }),
    });

    expect(wrongAnswers(kind)).toEqual(['samples: changes at another time']);
  });

  it('for a condition that shows no sample for which it does not hold', () => {
    const kind = notFromKind({ ...notFromDefinition, samples: () => ({ client: ['192.0.2.77'] }) });

    expect(readersIgnoring(kind)).toContain('diff');
  });
});

describe('two rules with a condition', () => {
  const first = { ...RULE, period: { from: 0, to: 100 } };
  const second = { ...RULE, name: 's', period: { from: 100, to: 200 } };
  const policy = policyOf([first, second], {}, undefined, allKinds);

  it('are not compared as if they had none', () => {
    const [a, b] = policy.rules;

    expect(codes(policy)).toEqual([]);
    expect(a !== undefined && b !== undefined && rulesMeet(a, b)).toBe(false);
  });

  it('are found to be redundant if one condition covers the other', () => {
    const wide = { ...RULE, period: { from: 0, to: 200 } };

    expect(codes(policyOf([wide, second], {}, undefined, allKinds))).toEqual(['adds-nothing']);
  });
});
