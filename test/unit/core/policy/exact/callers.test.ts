/** The callers that a search tries. */
import { describe, expect, it } from 'vitest';
import { askersOf } from '../../../../../src/core/policy/asker.ts';
import { candidatesFor } from '../../../../../src/core/policy/exact/callers.ts';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import type { Form } from '../../../../../src/core/policy/exact/world.ts';
import { worldOf } from '../../../../../src/core/policy/exact/world.ts';
import { policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

interface Options {
  readonly form?: Form;
  readonly units?: number;
  /** Rules of the policies that the callers need not match. */
  readonly others?: readonly RuleText[];
}

/** Callers for the first alternative of each rule, with `*` for each word. */
function callers(rules: readonly RuleText[], { form = 'exact', units, others = [] }: Options = {}) {
  const texts = [...rules, ...others].map((rule) => ({ repositories: ['x'], allow: ['pull'], ...rule }));
  const policy = policyOf(texts);
  const world = worldOf([policy], createEffort());
  const requirements = policy.rules.slice(0, rules.length).flatMap(({ who, repositories: [pattern] }) => {
    const [asker] = askersOf(who);
    return asker === undefined ? [] : [{ who: asker, pattern }];
  });
  const bounded = units === undefined ? world : { ...world, effort: createEffort(units) };
  return [...candidatesFor(requirements, [], form, bounded)].map(({ caller, values }) => {
    if (caller.kind === 'anonymous') return { name: 'anonymous', groups: [], values };
    const stars = (text: string): string =>
      world.words.replace(text, new Map(world.words.used(text).map((word) => [word, '*'])));
    const { username, groups, attributes } = caller.identity;
    return {
      name: stars(username),
      exactly: username,
      groups: [...groups],
      shown: [...groups].map(stars),
      attributes,
      values,
    };
  });
}

const names = (...given: Parameters<typeof callers>): readonly string[] => callers(...given).map(({ name }) => name);

describe('the callers for rules', () => {
  it('are anonymous and a user for rules for everyone', () => {
    expect(names([{ everyone: true }, { everyone: true }])).toEqual(['anonymous', '*']);
    expect(names([{ everyone: true }, { users: ['*'] }])).toEqual(['*']);
  });

  it('have a name that fits the patterns of all rules for users', () => {
    expect(names([{ users: ['a*'] }, { users: ['*b'] }])).toEqual(['a*b', 'ab']);
    expect(names([{ users: ['a'] }, { users: ['b'] }])).toEqual([]);
  });

  it('have a word for a capture that no repository has, and nothing for a star', () => {
    expect(names([{ users: ['{t}-bot'] }])).toEqual(['*-bot', '-bot']);
    expect(callers([{ groups: ['{t}-ops'] }]).map(({ shown }) => shown)).toEqual([['*-ops'], ['-ops']]);
  });

  it('are in a group of each rule for groups, which have different words', () => {
    const [first] = callers([{ groups: ['a-*'] }, { groups: ['b-*'] }, { users: ['c-*'] }]);

    expect([first?.name, first?.shown]).toEqual(['c-*', ['a-*', 'b-*']]);
    const words = [first?.exactly ?? '', ...(first?.groups ?? [])].map((name) => name.slice(2));
    expect(new Set(words).size).toBe(3);
  });

  it('have attributes with values that the repositories can have', () => {
    const [first] = callers([
      { users: ['a'], repositories: ['{attr:team}/b'] },
      { users: ['*'], repositories: ['web/*'] },
    ]);

    expect([...(first?.attributes ?? [])].map(([name, values]) => [name, values.length])).toEqual([['attr:team', 1]]);
    expect(
      callers([
        { users: ['a'], repositories: ['{attr:team}/b'] },
        { users: ['*'], repositories: ['web/*'] },
      ]).some(({ values: [own] }) => own?.get('attr:team') === 'web'),
    ).toBe(true);
  });

  it('have a name that is a segment where the repository has it', () => {
    expect(names([{ users: ['*@x'], repositories: ['{user}'] }])).toEqual([]);
    expect(names([{ users: ['a_*'], repositories: ['{user}'] }])).toContain('a_*');
  });

  it('have names in lower case only, where a source ignores the case of names', () => {
    const rules: readonly RuleText[] = [{ users: ['*'] }, { groups: ['*'] }];
    const others: readonly RuleText[] = [{ users: ['{a}-X-{b}'] }];
    const all = (form: Form) =>
      callers(rules, { form, others }).flatMap(({ exactly = '', groups }) => [exactly, ...groups]);

    expect(all('exact').filter((name) => name !== name.toLowerCase()).length).toBeGreaterThan(0);
    expect(all('folded').filter((name) => name !== name.toLowerCase())).toEqual([]);
  });

  it('have names in either case where a source does not ignore it', () => {
    const own: readonly RuleText[] = [
      { users: ['{t}'], repositories: ['{t}'] },
      { groups: ['g'], repositories: ['web'] },
    ];

    expect(names(own, { others: [{ users: ['web'] }] })).toContain('WEB');
    expect(names(own, { others: [{ users: ['web'] }], form: 'folded' })).not.toContain('WEB');
  });

  it('are no more than the bound on the work allows', () => {
    const rules: readonly RuleText[] = Array.from({ length: 7 }, (_, index) => ({ groups: [`g${index}*`] }));

    expect(callers(rules).length).toBeGreaterThan(100);
    expect(callers(rules, { units: 2000 }).length).toBeLessThan(100);
  });
});
