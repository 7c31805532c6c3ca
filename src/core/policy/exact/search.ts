/**
 * Searches for a request that matches certain rules and does not match certain others.
 *
 * A search that ends without an example has proved that there is none, unless `world.effort` has a reason why not:
 *
 * - The search tries the most general requests that match the required rules. Their open places are words that fit only
 *   patterns that fit everything. If such a request matches another rule, every request does that is a special case of it.
 * - A request that is a special case behaves otherwise only where an exception of a rule includes the caller, where a
 *   pattern divides a name at another place, where names differ in case, or where a star is empty. All of them are tried.
 * - `largestMembership` finds the groups for the exceptions. For users, the rules that match the request show which
 *   exceptions can help.
 */
import type { Action } from '../../access.ts';
import { ACTIONS } from '../../access.ts';
import type { Scope } from '../../scope.ts';
import { exceptionsOf } from '../condition.ts';
import type { Condition } from '../condition.ts';
import { repositorySegments } from '../repository-pattern.ts';
import type { RepositoryPattern } from '../repository-pattern.ts';
import type { Rule } from '../rule.ts';
import type { Situation } from '../situation.ts';
import type { CasePair } from '../who.ts';
import { candidatesFor, memberships } from './callers.ts';
import type { Candidate } from './callers.ts';
import { smallest } from './example.ts';
import { largestMembership, memberOf } from './groups.ts';
import { placesOf } from './places.ts';
import { circumstancesFor } from './properties.ts';
import type { Requirement } from './ties.ts';
import type { Form, World } from './world.ts';

export interface Question {
  /** What the request must match. Either all of them are for repositories, or all of them for the catalog. */
  readonly requirements: readonly Requirement[];
  /** Limits the callers; undefined: any. */
  readonly accepts?: (candidate: Candidate) => boolean;
  /** The conditions that must hold. */
  readonly conditions: readonly Condition[];
  /** The actions to search for. The search ends when the set is empty; the reader of the examples removes actions. */
  readonly actions: ReadonlySet<Action>;
  /** The rules that must not match. */
  prevented(action: Action, segments: readonly string[] | undefined): readonly Rule[];
  /** Decides. The search yields nothing that is not an example. */
  isExample(request: Request, action: Action): boolean;
}

export interface Request {
  readonly situation: Situation;
  readonly asked: Scope;
}

export interface Example extends Request {
  readonly action: Action;
  /** Patterns of exceptions that the user name fits. */
  readonly additional: readonly CasePair[];
}

const CATALOG: Scope = { type: 'registry', name: 'catalog', actions: ['*'] };
/** Sets of exceptions for users that one search tries. */
const MAX_EXCEPTIONS = 400;

export function* examplesOf(question: Question, world: World): Generator<Example> {
  for (const form of world.forms) {
    const waiting: (readonly CasePair[])[] = [[]];
    const tried = new Set<string>();
    for (const additional of waiting) {
      const blocking = new Set<Rule>();
      yield* examplesWith(question, additional, form, blocking, world);
      if (question.actions.size === 0 || world.effort.isSpent()) return;
      for (const pair of userExceptions(blocking)) {
        const more = [...new Set([...additional, pair])];
        const key = JSON.stringify(more.map(({ exact }) => exact.text).toSorted());
        if (tried.has(key)) continue;
        if (tried.size >= MAX_EXCEPTIONS) world.effort.giveUp('too many rules except users by patterns');
        else waiting.push(more);
        tried.add(key);
      }
    }
  }
}

function userExceptions(rules: Iterable<Rule>): readonly CasePair[] {
  const pairs = [...rules].flatMap(({ conditions }) =>
    exceptionsOf(conditions).flatMap((asker) => (asker.kind === 'user' ? [asker.pair] : [])),
  );
  return [...new Map(pairs.map((pair) => [pair.exact.text, pair])).values()];
}

function* examplesWith(
  question: Question,
  additional: readonly CasePair[],
  form: Form,
  blocking: Set<Rule>,
  world: World,
): Generator<Example> {
  const { requirements, conditions, actions } = question;
  const places = placesByValues(requirements, world);
  const circumstances = circumstancesFor(conditions, world);
  const prevented = cachePrevented(question);
  for (const candidate of candidatesFor(requirements, additional, form, world)) {
    if (question.accepts?.(candidate) === false) continue;
    for (const name of places(candidate)) {
      const segments = name === undefined ? undefined : repositorySegments(name);
      const asked: Scope = name === undefined ? CATALOG : { type: 'repository', name, actions: ACTIONS };
      for (const values of circumstances) {
        for (const action of actions) {
          if (world.effort.isSpent()) return;
          const situation = { caller: candidate.caller, ...values };
          const rules = prevented(action, segments);
          const allowed = (one: Situation): boolean =>
            conditions.every((condition) => condition.holds(one, asked.name));
          const caller = allowed(situation)
            ? callerAmong({ situation, rules, segments, allowed, form, blocking }, world)
            : undefined;
          if (caller === undefined) continue;
          const request = { situation: { ...situation, caller }, asked };
          if (question.isExample(request, action))
            yield { ...smallest(request, action, question, world.words), action, additional };
          if (actions.size === 0) return;
        }
      }
    }
  }
}

interface Attempt {
  readonly situation: Situation;
  readonly rules: readonly Rule[];
  readonly segments: readonly string[] | undefined;
  /** Whether the conditions of the required rules hold. */
  readonly allowed: (situation: Situation) => boolean;
  readonly form: Form;
  readonly blocking: Set<Rule>;
}

/** The caller with the groups that as many rules as possible except; undefined: some rule matches in any case. */
function callerAmong({ situation, rules, segments, allowed, form, blocking }: Attempt, world: World) {
  const { caller } = situation;
  const optional =
    caller.kind === 'anonymous'
      ? []
      : exceptedGroups(rules, form, world).filter((group) =>
          allowed({ ...situation, caller: memberOf(caller, [...caller.identity.groups, group]) }),
        );
  const found = largestMembership({ situation, optional, prevented: rules, segments, effort: world.effort });
  for (const rule of found.blocking) blocking.add(rule);
  return found.caller;
}

/** The words of groups that no requirement needs. */
const OPTIONAL = 10;

function exceptedGroups(rules: readonly Rule[], form: Form, world: World): readonly string[] {
  const pairs = rules.flatMap(({ conditions }) =>
    exceptionsOf(conditions).flatMap((asker) => (asker.kind === 'group' ? [asker.pair] : [])),
  );
  return [...new Set(pairs.flatMap((pair) => memberships(pair, OPTIONAL, form, world)))];
}

/** The repository names for the values of a candidate. Many candidates have the same values. */
function placesByValues(requirements: readonly Requirement[], world: World) {
  const patterns = requirements.flatMap(({ pattern }) => pattern ?? []);
  const known = new Map<string, readonly (string | undefined)[]>();
  return ({ values }: Candidate): readonly (string | undefined)[] => {
    if (patterns.length === 0) return [undefined];
    const key = JSON.stringify(patterns.map((pattern, index) => usedBy(pattern, values[index])));
    const found = known.get(key) ?? [...placesOf(patterns, values, world)];
    known.set(key, found);
    return found;
  };
}

function usedBy({ placeholders }: RepositoryPattern, values?: ReadonlyMap<string, string>): readonly unknown[] {
  return placeholders.map((name) => values?.get(name));
}

function cachePrevented(question: Question) {
  const known = new Map<string, readonly Rule[]>();
  return (action: Action, segments: readonly string[] | undefined): readonly Rule[] => {
    const key = `${action} ${segments?.join()}`;
    const found = known.get(key) ?? question.prevented(action, segments);
    known.set(key, found);
    return found;
  };
}
