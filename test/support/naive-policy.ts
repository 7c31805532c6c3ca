/** Random policies and requests, and an independent reading of what a policy grants. */
import * as fc from 'fast-check';
import { ACTIONS, isAction } from '../../src/core/access.ts';
import type { Asker, RuleText } from './policy-builder.ts';

// Few words, so that rules and requests meet often.
const word = fc.constantFrom('web', 'api', 'db', 'x');
export const action = fc.constantFrom('pull', 'push', 'delete', '*');
const user = fc.constantFrom('alice', 'bob', 'ci-1');
const group = fc.oneof(
  word.map((name) => `team-${name}`),
  fc.constantFrom('team-*', 'team-a/b', 'team-', 'admins'),
);
const userPattern = fc.constantFrom('alice', 'bob', '*', 'ci-*');
const groupPattern = fc.constantFrom('team-web', 'team-*', '*', 'admins', 't*-web');
const plainSegment = fc.constantFrom('web', 'api', 'x', '*', 'w*', '**');
/** Of a rule, and of the limits of a token. */
export const repositoryPattern = fc
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

export const rule: fc.Arbitrary<ModelRule> = fc
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
export const rules = fc.array(rule, { minLength: 1, maxLength: 9 });
export const asker: fc.Arbitrary<Asker> = fc.oneof(
  fc.constant({ service: 'one' }),
  fc.record({ user, groups: fc.array(group, { maxLength: 3 }), service: fc.constantFrom('one', 'two') }),
);
const repository = fc.array(fc.constantFrom('web', 'api', 'x', 'wx', 'all', 'web-1'), { minLength: 1, maxLength: 4 });
export const scope = fc
  .tuple(repository, fc.array(action, { minLength: 1, maxLength: 4 }))
  .map(([segments, actions]) => `repository:${segments.join('/')}:${actions.join(',')}`);

/** The policy's semantics in the plainest words: no index, no compiling, regular expressions for patterns. */
export function naive(policy: readonly RuleText[], who_: Asker, what: string): readonly string[] {
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

/** Whether a pattern fits, segment by segment. */
export function walk([pattern, ...patterns]: readonly string[], segments: readonly string[]): boolean {
  if (pattern === undefined) return segments.length === 0;
  const [segment, ...others] = segments;
  if (pattern === '**') return walk(patterns, segments) || (segment !== undefined && walk(['**', ...patterns], others));
  if (segment === undefined) return false;
  return new RegExp(`^${pattern.replaceAll('*', '[^/]*')}$`).test(segment) && walk(patterns, others);
}
