/** What a comparison of policies proves, and where it does not. */
import { describe, expect, it } from 'vitest';
import type { Action } from '../../../../../src/core/access.ts';
import { askersOf } from '../../../../../src/core/policy/asker.ts';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import { examplesOf } from '../../../../../src/core/policy/exact/search.ts';
import type { Question } from '../../../../../src/core/policy/exact/search.ts';
import { worldOf } from '../../../../../src/core/policy/exact/world.ts';
import { ask, policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const compare = (before: readonly RuleText[], after: readonly RuleText[], maxUnits?: number) =>
  compareByClasses(policyOf(before), policyOf(after), maxUnits === undefined ? {} : { maxUnits });

const PULL: RuleText = { users: ['*'], repositories: ['x'], allow: ['pull'] };

/** Denials of which each excepts a group of its own. */
function denials(count: number): readonly RuleText[] {
  return Array.from({ length: count }, (_, index): RuleText => ({
    users: ['*'],
    except: { groups: [`g${index}`] },
    repositories: ['x'],
    deny: ['pull'],
  }));
}

describe('a comparison', () => {
  it('finds the member of 80 groups who is an exception of 80 denials', () => {
    const { classes, complete } = compare([PULL, ...denials(80)], denials(80), 2_000_000);

    const [found] = classes;
    const { caller } = found?.example.situation ?? {};
    expect(complete).toBe(true);
    expect(caller?.kind === 'user' ? caller.identity.groups.size : 0).toBe(80);
  });

  it('finds the members who are in none of the groups that a rule denies', () => {
    const rules: readonly RuleText[] = [
      { users: ['*'], except: { groups: ['a', 'b'] }, repositories: ['x'], deny: ['pull'] },
      { users: ['*'], except: { groups: ['c', 'd'] }, repositories: ['x'], deny: ['pull'] },
      { groups: ['a'], repositories: ['x'], deny: ['pull'] },
      { groups: ['c'], repositories: ['x'], deny: ['pull'] },
    ];

    const [found] = compare([PULL, ...rules], rules).classes;

    const { caller } = found?.example.situation ?? {};
    expect(caller?.kind === 'user' ? [...caller.identity.groups].toSorted() : []).toEqual(['b', 'd']);
  });

  it('proves that nobody is an exception of every denial if one group of an exception is denied', () => {
    const chain = Array.from({ length: 40 }, (_, index): RuleText => ({
      groups: [`g${index}`],
      except: { groups: [`g${index + 1}`] },
      repositories: ['x'],
      deny: ['pull'],
    }));
    const rules: readonly RuleText[] = [
      ...chain,
      { users: ['*'], except: { groups: ['g0'] }, repositories: ['x'], deny: ['pull'] },
      { groups: ['g40'], repositories: ['x'], deny: ['pull'] },
    ];

    expect(compare([PULL, ...rules], rules, 2_000_000)).toMatchObject({ classes: [], complete: true });
    const fewer = rules.slice(0, -1);
    expect(compare([PULL, ...fewer], fewer, 2_000_000).classes).toHaveLength(1);
  });

  it('finds the user who is the exception of three rules, each by another pattern', () => {
    const rules = ['a*', '*b*', '*c'].map((name): RuleText => ({
      users: ['*'],
      except: { users: [name] },
      repositories: ['x'],
      deny: ['pull'],
    }));

    const { classes, complete } = compare([PULL, ...rules], rules);

    expect(complete).toBe(true);
    expect(classes[0]?.example.situation.caller).toMatchObject({
      identity: { username: expect.stringMatching(/^a.*b.*c$/) },
    });
    expect(classes[0]?.additional).toHaveLength(3);
  });

  it('is open when more combinations of exceptions are possible than it tries', () => {
    const denial: RuleText = { users: ['*'], repositories: ['x'], deny: ['pull'] };
    const compareWith = (exceptions: number) => {
      const letters = Array.from({ length: exceptions }, (_, index) => String.fromCodePoint(0x61 + index));
      const rules: readonly RuleText[] = [
        { ...denial, except: { users: letters.map((letter) => `${letter}*`) } },
        { ...denial, except: { users: letters.map((letter) => `*${letter}`) } },
        denial,
      ];
      return compare([PULL, ...rules], rules);
    };

    expect(compareWith(22)).toMatchObject({
      classes: [],
      complete: false,
      gaps: ['too many rules except users by patterns'],
    });
    expect(compareWith(15)).toMatchObject({ classes: [], complete: true });
  });

  it('finds a member of the one excepted group that the rule itself does not except', () => {
    const allowed: RuleText = { ...PULL, except: { groups: ['a'] } };
    const denied: RuleText = { users: ['*'], except: { groups: ['a', 'b'] }, repositories: ['x'], deny: ['pull'] };

    const { classes } = compare([allowed, denied], [denied]);

    expect(classes).toMatchObject([{ example: { situation: { caller: { identity: { groups: new Set(['b']) } } } } }]);
    const only: RuleText = { ...denied, except: { groups: ['a'] } };
    expect(compare([allowed, only], [only])).toMatchObject({ classes: [], complete: true });
  });

  it('finds each action that changes, with an example of its own where the rules differ', () => {
    const rules: readonly RuleText[] = [
      { ...PULL, allow: ['pull', 'push'] },
      { users: ['*'], except: { groups: ['a'] }, repositories: ['x'], deny: ['push'] },
    ];

    const { classes } = compare(rules, rules.slice(1));

    expect(classes.map(({ actions }) => actions.join()).toSorted()).toEqual(['pull', 'push']);
  });

  it('says that it is not exhaustive when a bound ends it', () => {
    const wide = Array.from({ length: 60 }, (_, index): RuleText => ({ ...PULL, repositories: [`a${index}/**`] }));

    const { complete, gaps } = compare([], wide, 1000);

    expect(complete).toBe(false);
    expect(gaps).toEqual(['the policies have too many combinations of rules to try all of them']);
  });

  it.each<[string, RuleText, string]>([
    [
      'a value between two wildcards',
      { groups: ['team-{t}'], repositories: ['*{t}*'], deny: ['pull'] },
      '"rule 1" (policy.yaml:1) has a value with a wildcard before and after it, in "*{t}*"',
    ],
    [
      'a port with a wildcard',
      { users: ['*'], repositories: ['host:*/x'], deny: ['pull'] },
      '"rule 1" (policy.yaml:1) has a port with a wildcard, in "host:*/x"',
    ],
    [
      'a name with many wildcards',
      { groups: ['a*b*c*d*e*f'], repositories: ['x'], deny: ['pull'] },
      '"rule 1" (policy.yaml:1) has a name with many wildcards, "a*b*c*d*e*f"',
    ],
  ])('is open for %s', (_what, rule, reason) => {
    const equal = { ...PULL, repositories: ['x', 'x'] };

    const { classes, gaps } = compare([rule, PULL], [rule, { ...PULL, groups: ['a'] }, equal]);

    expect(classes).toEqual([]);
    expect(gaps).toContain(reason);
  });

  it('is open for equal values from both ends of a name', () => {
    const rules: readonly RuleText[] = [
      { users: ['{x}ab'], repositories: ['{x}'], allow: ['pull'] },
      { users: ['ba{y}'], repositories: ['{y}'], deny: ['pull'] },
    ];

    expect(compare(rules, [...rules, { ...PULL, users: ['a'] }]).gaps).toEqual([
      expect.stringContaining('takes a value from the beginning of a name'),
    ]);
  });

  it('ends with a result or a reason for a user who must fit nine patterns at once', () => {
    const infix = Array.from('abcdefghi', (letter): RuleText => ({
      users: ['*'],
      except: { users: [`*${letter}*`] },
      repositories: ['x'],
      deny: ['pull'],
    }));

    const { classes, complete } = compare([PULL, ...infix], infix, 300_000);

    expect(classes.length > 0 || !complete).toBe(true);
  });
});

describe('an example', () => {
  it('has no group and no segment that it does not need', () => {
    const rules: readonly RuleText[] = [
      { groups: ['team-{t}'], repositories: ['{t}/**'], allow: ['pull'] },
      { users: ['*'], except: { groups: ['ops', 'other'] }, repositories: ['*/x/**'], deny: ['pull'] },
    ];

    const [found] = compare(rules, rules.slice(1)).classes;

    expect(found?.example.asked.name).toMatch(/^[a-z]+$/);
    const { caller } = found?.example.situation ?? {};
    expect(caller?.kind === 'user' ? [...caller.identity.groups] : []).toEqual([`team-${found?.example.asked.name}`]);
  });

  it('is in one group where each of two groups is enough', () => {
    const denial: RuleText = { users: ['*'], except: { groups: ['a', 'b'] }, repositories: ['x'], deny: ['pull'] };

    const [found] = compare([PULL, denial], [denial]).classes;

    const { caller } = found?.example.situation ?? {};
    expect(caller?.kind === 'user' ? caller.identity.groups.size : 0).toBe(1);
  });

  it('is a request that the policies decide differently', () => {
    const after: readonly RuleText[] = [PULL, { groups: ['b'], repositories: ['**'], deny: ['pull'] }];

    const [found] = compare([PULL], after).classes;

    expect(found).toMatchObject({ change: 'lost', actions: ['pull'], example: { asked: { name: 'x' } } });
    expect(ask(policyOf(after), { user: 'u', groups: ['b'] }, 'repository:x:pull').granted).toEqual([]);
  });
});

describe('a search', () => {
  const policy = policyOf(['a*', 'b*'].map((name) => ({ ...PULL, groups: [name], users: [] })));
  const requirements = policy.rules.flatMap(({ who, repositories: [pattern] }) =>
    askersOf(who).map((asker) => ({ who: asker, pattern })),
  );
  const question = (
    isExample: () => boolean,
    actions: ReadonlySet<Action>,
  ): Question & { readonly tried: unknown[] } => {
    const tried: unknown[] = [];
    const accepts = (one: unknown): boolean => tried.push(one) > 0;
    return { requirements, accepts, conditions: [], actions, prevented: () => [], isExample, tried };
  };
  const world = () => worldOf([policy], createEffort());

  it('yields nothing that is no example', () => {
    const asked = question(() => false, new Set(['pull']));

    expect([...examplesOf(asked, world())]).toEqual([]);
    expect(asked.tried.length).toBeGreaterThan(1);
  });

  it('yields an example for each caller until its reader needs no other one', () => {
    const actions = new Set<Action>(['pull', 'push']);
    const asked = question(() => true, actions);
    const found = examplesOf(asked, world());

    expect([found.next().value?.action, found.next().value?.action]).toEqual(['pull', 'push']);
    expect(asked.tried).toHaveLength(1);
    expect(found.next().value?.action).toBe('pull');
    expect(asked.tried).toHaveLength(2);
    actions.clear();
    expect(found.next().done).toBe(true);
    expect(asked.tried).toHaveLength(2);
  });

  it('ends when its work is spent', () => {
    const asked = question(() => false, new Set(['pull']));

    expect([...examplesOf(asked, worldOf([policy], createEffort(1)))]).toEqual([]);
    expect(asked.tried).toEqual([]);
  });
});
