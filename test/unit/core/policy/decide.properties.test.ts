/** What holds for every policy, every caller and every scope. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIONS, isAction } from '../../../../src/core/access.ts';
import { formatScope, parseScope } from '../../../../src/core/scope.ts';
import { ask, policyOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';

// Few words, so that rules and requests meet often.
const word = fc.constantFrom('web', 'api', 'db', 'x');
const action = fc.constantFrom('pull', 'push', 'delete', '*');
const user = fc.constantFrom('alice', 'bob', 'ci-1');
const group = fc.oneof(
  word.map((name) => `team-${name}`),
  fc.constantFrom('team-*', 'team-a/b', 'team-', 'admins'),
);
const userPattern = fc.constantFrom('alice', 'bob', '*', 'ci-*');
const groupPattern = fc.constantFrom('team-web', 'team-*', '*', 'admins', 't*-web');
const plainSegment = fc.constantFrom('web', 'api', 'x', '*', 'w*', '**');
const repositoryPattern = fc
  .array(plainSegment, { minLength: 1, maxLength: 3 })
  .filter((segments) => segments.filter((segment) => segment === '**').length <= 2)
  .map((segments) => segments.join('/'));
const who = fc.record(
  {
    users: fc.array(userPattern, { minLength: 1, maxLength: 2 }),
    groups: fc.array(groupPattern, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);
/** The rules of the model below. */
interface ModelRule extends RuleText {
  readonly except?: Pick<RuleText, 'users' | 'groups'>;
  readonly services?: readonly string[];
}

const rule: fc.Arbitrary<ModelRule> = fc
  .record({
    who,
    everyone: fc.boolean(),
    except: fc.option(
      who.filter(({ users, groups }) => users !== undefined || groups !== undefined),
      { nil: undefined },
    ),
    services: fc.option(fc.constant(['one']), { nil: undefined }),
    repositories: fc.array(repositoryPattern, { minLength: 1, maxLength: 2 }),
    team: fc.boolean(),
    actions: fc.array(action, { minLength: 1, maxLength: 2 }),
    deny: fc.boolean(),
  })
  .map(({ who: callers, everyone, except, services, repositories, team, actions, deny }) => ({
    ...(team ? { groups: ['team-{team}'] } : callers),
    everyone: everyone && !team,
    ...(except === undefined ? {} : { except }),
    ...(services === undefined ? {} : { services }),
    repositories: team ? ['{team}/**', 'all/{team}-*'] : repositories,
    ...(deny ? { deny: actions } : { allow: actions }),
  }));
const rules = fc.array(rule, { minLength: 1, maxLength: 9 });
const asker: fc.Arbitrary<Asker> = fc.oneof(
  fc.constant({ service: 'one' }),
  fc.record({ user, groups: fc.array(group, { maxLength: 3 }), service: fc.constantFrom('one', 'two') }),
);
const repository = fc.array(fc.constantFrom('web', 'api', 'x', 'wx', 'all', 'web-1'), { minLength: 1, maxLength: 4 });
const scope = fc
  .tuple(repository, fc.array(action, { minLength: 1, maxLength: 4 }))
  .map(([segments, actions]) => `repository:${segments.join('/')}:${actions.join(',')}`);

/** Mutation testing runs all of this for each mutant, and says fewer. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 2000);
const runs = { numRuns: RUNS };
const granted = (policy: readonly RuleText[], who_: Asker, what: string): readonly string[] =>
  ask(policyOf(policy), who_, what).granted;

describe('decisions', () => {
  it('grant within what is asked', () => {
    fc.assert(
      fc.property(rules, asker, scope, (policy, who_, what) => {
        const asked = what.slice(what.lastIndexOf(':') + 1).split(',');
        for (const given of granted(policy, who_, what))
          expect(asked.includes('*') || asked.includes(given)).toBe(true);
      }),
      runs,
    );
  });

  it('do not depend on the order of rules', () => {
    fc.assert(
      fc.property(
        rules.chain((policy) =>
          fc.tuple(fc.constant(policy), fc.shuffledSubarray(policy, { minLength: policy.length })),
        ),
        asker,
        scope,
        ([policy, shuffled], who_, what) => {
          expect(granted(shuffled, who_, what)).toEqual(granted(policy, who_, what));
        },
      ),
      runs,
    );
  });

  it('are never less for one more allow rule, and never more for one more deny rule', () => {
    fc.assert(
      fc.property(rules, rule, asker, scope, (policy, more, who_, what) => {
        const before = granted(policy, who_, what);
        const after = granted([...policy, more], who_, what);
        const [smaller, greater] = more.deny === undefined ? [before, after] : [after, before];
        for (const given of smaller) expect(greater).toContain(given);
      }),
      runs,
    );
  });

  it('never grant what a matching rule denies', () => {
    fc.assert(
      fc.property(rules, asker, scope, (policy, who_, what) => {
        const { granted: given, because } = ask(policyOf(policy), who_, what);
        const denied = because.filter(({ effect }) => effect === 'deny').flatMap(({ actions }) => actions);
        for (const one of given) expect(denied.includes(one) || denied.includes('*')).toBe(false);
      }),
      runs,
    );
  });

  it('are those of somebody who reads every rule, one after the other', () => {
    let some = 0;
    fc.assert(
      fc.property(rules, asker, scope, (policy, who_, what) => {
        const given = granted(policy, who_, what);
        if (given.length > 0) some += 1;
        expect(given).toEqual(naive(policy, who_, what));
      }),
      { numRuns: 2 * RUNS },
    );
    // A comparison of nothing with nothing would prove nothing.
    expect(some).toBeGreaterThan(RUNS / 10);
  });

  it('are made for any names at all', () => {
    const policy = policyOf([
      { users: ['*'], repositories: ['{user}/**'], allow: ['*'] },
      { groups: ['x{g}'], repositories: ['g/{g}/*'], allow: ['pull'] },
    ]);
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string(), { maxLength: 3 }), fc.string(), (name, groups, repo) => {
        const asked = parseScope(`repository:${repo}:pull`);
        if (asked !== undefined) ask(policy, { user: name, groups }, formatScope(asked));
      }),
      runs,
    );
  });
});

describe('scopes', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(scope, (text) => {
        const parsed = parseScope(text);
        expect(parsed).toBeDefined();
        if (parsed !== undefined) expect(parseScope(formatScope(parsed))).toEqual(parsed);
      }),
      runs,
    );
  });
});

/** The policy's semantics in the plainest words: no index, no compiling, regular expressions for patterns. */
function naive(policy: readonly RuleText[], who_: Asker, what: string): readonly string[] {
  const last = what.lastIndexOf(':');
  const name = what.slice(what.indexOf(':') + 1, last);
  const asked = what.slice(last + 1).split(',');
  const matching = policy.filter((one) => matches(one, who_, name));
  const allowed = new Set(matching.flatMap(({ allow = [] }) => allow));
  const denied = new Set(matching.flatMap(({ deny = [] }) => deny));
  const holds = (one: string): boolean => {
    if (one === '*') return allowed.has('*') && denied.size === 0;
    return (allowed.has(one) || allowed.has('*')) && !denied.has(one) && !denied.has('*');
  };
  const requested = asked.includes('*') ? ACTIONS : [...new Set(asked)].filter(isAction);
  return requested.filter(holds);
}

function matches(one: ModelRule, who_: Asker, name: string): boolean {
  if (one.services !== undefined && !one.services.includes(who_.service ?? '')) return false;
  if (one.except !== undefined && captures(one.except, who_).length > 0) return false;
  const found = [...captures(one, who_), ...(one.everyone === true ? [{}] : [])];
  return found.some((values) => (one.repositories ?? []).some((pattern) => fits(pattern, values, name)));
}

function captures(callers: Partial<RuleText>, { user: name, groups = [] }: Asker): readonly Record<string, string>[] {
  if (name === undefined) return [];
  const each = (patterns: readonly string[] = [], names: readonly string[]) =>
    patterns.flatMap((pattern) => names.flatMap((one) => captured(pattern, one)));
  return [...each(callers.users, [name]), ...each(callers.groups, groups)];
}

function captured(pattern: string, name: string): readonly Record<string, string>[] {
  const source = pattern.replaceAll('*', '.*?').replaceAll(/\{(\w+)\}/g, '(?<$1>.+?)');
  const match = new RegExp(`^${source}$`, 's').exec(name);
  return match === null ? [] : [{ ...match.groups }];
}

function fits(pattern: string, values: Record<string, string>, name: string): boolean {
  const filled = pattern.replaceAll(/\{(\w+)\}/g, (_, key: string) => {
    const value = values[key] ?? '';
    return /^[a-z0-9]+(?:[-._][a-z0-9]+)*$/.test(value) ? value : '\0';
  });
  return walk(filled.split('/'), name.split('/'));
}

function walk([pattern, ...patterns]: readonly string[], segments: readonly string[]): boolean {
  if (pattern === undefined) return segments.length === 0;
  const [segment, ...others] = segments;
  if (pattern === '**') return walk(patterns, segments) || (segment !== undefined && walk(['**', ...patterns], others));
  if (segment === undefined) return false;
  return new RegExp(`^${pattern.replaceAll('*', '[^/]*')}$`).test(segment) && walk(patterns, others);
}
