/**
 * The largest set of groups with which no rule of a list matches.
 *
 * For a given user, repository and circumstances, the sets of groups with which no rule matches are closed under union:
 * a group of the union that makes a rule match comes from one of the sets, which has a group that the rule excepts, and
 * so the union has it. So there is a largest set, and removing every group that makes a rule match finds it.
 */
import { groupName } from '../../groups.ts';
import type { Caller } from '../../identity.ts';
import type { Rule } from '../rule.ts';
import type { Situation } from '../situation.ts';
import type { Effort } from './effort.ts';
import { conditionsHold, whoMatches } from './triggers.ts';

interface GroupQuestion {
  /** The caller has the groups that are required. */
  readonly situation: Situation;
  /** Groups that the caller may have in addition; none for anonymous. */
  readonly optional: readonly string[];
  /** No rule of these may match. */
  readonly prevented: readonly Rule[];
  readonly segments: readonly string[] | undefined;
  readonly effort: Effort;
}

interface GroupAnswer {
  /** The caller with the largest set of groups; undefined: no set has the required groups. */
  readonly caller: Caller | undefined;
  /** The rules that matched. Their exceptions for users may help. */
  readonly blocking: readonly Rule[];
}

export function largestMembership({ situation, optional, prevented, segments, effort }: GroupQuestion): GroupAnswer {
  const first = situation.caller;
  const required: ReadonlySet<string> = first.kind === 'user' ? first.identity.groups : new Set();
  const groups = new Set([...required, ...optional]);
  const blocking = new Set<Rule>();
  for (let isStable = false; !isStable;) {
    isStable = true;
    const caller = memberOf(first, groups);
    for (const rule of prevented) {
      effort.spend(4 + groups.size);
      if (!conditionsHold(rule, { ...situation, caller }, segments)) continue;
      const matching = matchingGroups(rule, first, groups, segments);
      if (matching === undefined) return { caller: undefined, blocking: [...blocking, rule] };
      if (matching.length === 0) continue;
      blocking.add(rule);
      for (const group of matching) groups.delete(group);
      if (matching.some((group) => required.has(group))) return { caller: undefined, blocking: [...blocking] };
      isStable = false;
      break;
    }
  }
  return { caller: memberOf(first, groups), blocking: [...blocking] };
}

/** @returns the groups through which the rule matches; undefined: it matches without any of them */
function matchingGroups(
  rule: Rule,
  caller: Caller,
  groups: ReadonlySet<string>,
  segments: readonly string[] | undefined,
): readonly string[] | undefined {
  if (whoMatches({ ...rule.who, groups: [] }, rule, memberOf(caller, []), segments)) return undefined;
  const byGroup = { users: [], groups: rule.who.groups, everyone: false };
  return [...groups].filter((group) => whoMatches(byGroup, rule, memberOf(caller, [group]), segments));
}

export function memberOf(caller: Caller, groups: Iterable<string>): Caller {
  if (caller.kind === 'anonymous') return caller;
  const names = new Set([...groups].map((group) => groupName(group, { lowercase: false })));
  return { kind: 'user', identity: { ...caller.identity, groups: names } };
}
