/** Findings that depend on the configured backends: names and values that no backend delivers. */
import { isRobots } from '../asker.ts';
import { exceptionsOf } from '../condition.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { CasePair } from '../who.ts';
import { named as ruleText } from './finding.ts';
import type { Finding } from './finding.ts';

/** What the configured backends can deliver. Sound: a negative answer is certain. */
export interface Sources {
  readonly groups: Reach;
  readonly users: Reach;
  /** The configured robots, by user name: `robot:web-ci`. */
  readonly robots: Reach;
  /** @param name such as `attr:department`, `claim:tenant` */
  canFill(name: string): boolean;
  /** The users and groups in files whose names differ only in case. */
  readonly sameInLowerCase: Readonly<Record<'users' | 'groups', readonly (readonly string[])[]>>;
  /** The backends for which `Alice` is not `alice`, and whose users are not in a file. */
  readonly exactBackends: readonly string[];
}

export interface Reach {
  canBe(pair: CasePair): boolean;
  /** A similar name that exists; undefined: there is none. */
  like(name: string): string | undefined;
}

export function sourceFindings({ rules }: Policy, sources: Sources): readonly Finding[] {
  return rules.flatMap((rule) => [
    ...unreachableNames(rule, 'group', rule.who.groups, sources.groups),
    ...unreachableUsers(rule, rule.who.users, sources),
    ...exceptedNames(rule, sources),
    ...unfilled(rule, sources),
    ...(sources.exactBackends.length > 0 ? inOtherCase(rule, rules) : []),
  ]);
}

/** A misspelt exception of an allowing rule excludes nobody. In a denial, it denies more, which is noticed. */
function exceptedNames(rule: Rule, sources: Sources): readonly Finding[] {
  if (rule.effect === 'deny') return [];
  return exceptionsOf(rule.conditions).flatMap((exception) => {
    if (exception.kind === 'everyone') return [];
    return exception.kind === 'group'
      ? unreachableNames(rule, 'group', [exception.pair], sources.groups)
      : unreachableUsers(rule, [exception.pair], sources);
  });
}

/** Values of captures are in lower case, so members of `team-WEB` have the access of `team-web` by a capture. */
function inOtherCase(rule: Rule, rules: readonly Rule[]): readonly Finding[] {
  const excepted = exceptionsOf(rule.conditions).flatMap((asker) => (asker.kind === 'group' ? [asker.pair] : []));
  const named = [...(rule.effect === 'deny' ? rule.who.groups : []), ...excepted];
  return named.flatMap(({ folded: { literal } }): readonly Finding[] => {
    if (literal === undefined) return [];
    const capturing = rules.find((other) => capturesGroup(other, literal));
    if (capturing === undefined) return [];
    const message = `names the group "${literal}", but not groups that differ from it in case, to which ${ruleText(capturing)} gives the same repositories`;
    const cure = 'set lowercase: true at the backend whose names are exact, if its groups may differ in case';
    return [{ code: 'other-case', severity: 'hint', rule, message, cure }];
  });
}

function capturesGroup({ who, repositories, effect }: Rule, name: string): boolean {
  const used = new Set(repositories.flatMap(({ placeholders }) => placeholders));
  return (
    effect === 'allow' &&
    who.groups.some(({ folded }) => folded.captures.some((one) => used.has(one)) && folded.match(name) !== undefined)
  );
}

function unreachableUsers(rule: Rule, pairs: readonly CasePair[], { users, robots }: Sources): readonly Finding[] {
  const [named, others] = [pairs.filter(isForRobots), pairs.filter((pair) => !isForRobots(pair))];
  return [...unreachableNames(rule, 'robot', named, robots), ...unreachableNames(rule, 'user', others, users)];
}

function isForRobots(pair: CasePair): boolean {
  return isRobots({ kind: 'user', pair });
}

const UNREACHABLE = {
  group: {
    code: 'no-such-group',
    why: 'which no backend can deliver',
    cure: 'correct the name, or the backend’s groups',
  },
  user: { code: 'no-such-user', why: 'whom no backend knows', cure: 'correct the name' },
  robot: {
    code: 'no-such-robot',
    why: 'which is not configured',
    cure: 'correct the name, or add the robot under robots in broker.yaml',
  },
} as const;

function unreachableNames(
  rule: Rule,
  kind: keyof typeof UNREACHABLE,
  pairs: readonly CasePair[],
  { canBe, like }: Reach,
): readonly Finding[] {
  const { code, why, cure } = UNREACHABLE[kind];
  return pairs
    .filter((pair) => !canBe(pair))
    .map(({ exact: { text } }) => {
      const similar = like(text);
      const hint = similar === undefined ? '' : `; did you mean "${similar}"?`;
      return { code, severity: 'warning', rule, message: `names the ${kind} "${text}", ${why}${hint}`, cure };
    });
}

function unfilled(rule: Rule, { canFill }: Sources): readonly Finding[] {
  const names = rule.repositories.flatMap(({ placeholders }) => placeholders.filter((name) => name.includes(':')));
  return [...new Set(names)]
    .filter((name) => !canFill(name))
    .map((name) => {
      const message = `uses {${name}}, which no backend gives`;
      const cure = name.startsWith('attr:')
        ? 'list the attribute under attributes of an LDAP backend'
        : 'log in through a backend for OpenID';
      return { code: 'no-such-value', severity: 'warning', rule, message, cure };
    });
}
