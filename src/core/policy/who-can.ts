/**
 * Who can do something with a repository: the inverse of a decision. For each alternative of a rule's who, the search
 * imagines a caller who is that and nothing else, and `decide` decides about the caller.
 *
 * The time is not part of the question. A grantee is somebody who can at some time; the search tries the times that
 * conditions name.
 */
import type { Action, Grant, Reason } from '../access.ts';
import { ANONYMOUS } from '../identity.ts';
import type { Caller } from '../identity.ts';
import type { Scope } from '../scope.ts';
import { askersOf } from './asker.ts';
import type { Asker } from './asker.ts';
import { dependsOn, dependsOnlyOn, exceptionsOf, requirementsOf } from './condition.ts';
import { decide } from './decide.ts';
import { searchFor, someCallerCan, someCallerHas } from './who-can-search.ts';
import type { Alternative, CallerSearch } from './who-can-search.ts';
import { filled, imaginedIdentity, NOBODY } from './imagined.ts';
import type { Form } from './exact/world.ts';
import { placeholderValues } from './placeholder-values.ts';
import type { Policy } from './policy.ts';
import { repositorySegments } from './repository-pattern.ts';
import type { Rule } from './rule.ts';
import { sampleTimes, timesWithin } from './sample-times.ts';
import type { Situation } from './situation.ts';
import { whoText } from './who-text.ts';

/** One alternative of a rule that allows it. */
export interface Grantee {
  /** `members of team-web`, `user alice`, `any user`, `robot web-ci`, `anybody, also without a login`. */
  readonly who: string;
  readonly rule: Rule;
  /** What must hold in addition, which neither names nor groups show: an attribute, the client's address. */
  readonly conditions: readonly string[];
  /** The exceptions of the rule. */
  readonly except: readonly string[];
  /** `yes`, `no`: whoever is that and nothing else; `perhaps`: that depends on the conditions or on the time. */
  readonly verdict: 'yes' | 'no' | 'perhaps';
  readonly denials: readonly Denial[];
  /** Whether a caller can who is that and also an exception of each denial, although the verdict is `no`. */
  readonly isExceptionAllowed: boolean;
}

/** A rule that denies it to a grantee. */
interface Denial {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** Who is denied. */
  readonly via: string;
  /** The exceptions of the denial: a grantee who is one of them is not denied. */
  readonly except: readonly string[];
  /** What must hold for the denial; empty: it denies at all times. */
  readonly conditions: readonly string[];
}

export interface WhoCan {
  readonly grantees: readonly Grantee[];
  /** The given users and robots who can. */
  readonly users: readonly string[];
  readonly anonymous: boolean;
  /** Why there may be somebody who is not listed, each a clause; empty: nobody else can. */
  readonly gaps: readonly string[];
}

export interface WhoCanOptions {
  readonly service: string;
  /** The client's address; empty: not known. */
  readonly client: string;
  /** Users that are known by name, with their groups, and robots. */
  readonly users: readonly Caller[];
  /** How the configured sources of users compare names; undefined: any. */
  readonly forms?: readonly Form[];
}

/** What is asked, for any caller at any time. */
interface Question {
  readonly policy: Policy;
  readonly action: Action;
  readonly repository: string;
  readonly situation: Pick<Situation, 'service' | 'client'>;
  readonly times: readonly number[];
  readonly search: CallerSearch;
  decide(caller: Caller, time: number): Grant;
}

export function whoCan(policy: Policy, action: Action, repository: string, options: WhoCanOptions): WhoCan {
  const { service, client, users } = options;
  const asked: Scope = { type: 'repository', name: repository, actions: [action] };
  const question: Question = {
    policy,
    action,
    repository,
    situation: { service, client },
    times: sampleTimes([policy]).values,
    search: searchFor(policy, action, repository, options),
    decide: (caller, time) => decide(policy, { caller, service, client, time }, asked),
  };
  const may = (caller: Caller): boolean =>
    question.times.some((time) => question.decide(caller, time).granted.includes(action));
  const grantees = policy.rules
    .filter(({ effect, actions }) => effect === 'allow' && (actions.includes(action) || actions.includes('*')))
    .flatMap((rule) => alternativesOf(rule, question).map((alternative) => granteeOf(rule, alternative, question)));
  return {
    grantees: unique(grantees),
    users: users.filter(may).map((caller) => (caller.kind === 'user' ? caller.identity.username : '')),
    anonymous: may(ANONYMOUS),
    gaps: question.search.gaps(),
  };
}

/** Whether some caller who is that can: as it is, under the conditions, or as an exception of each denial. */
export function isOpen({ verdict, isExceptionAllowed }: Grantee): boolean {
  return verdict !== 'no' || isExceptionAllowed;
}

function alternativesOf(rule: Rule, { repository, situation, search }: Question): readonly Alternative[] {
  const isForService = rule.conditions
    .filter((condition) => dependsOnlyOn(condition, 'service'))
    .every((condition) => condition.holds({ ...situation, caller: ANONYMOUS, time: 0 }, repository));
  if (!isForService) return [];
  const segments = repositorySegments(repository) ?? [];
  const fits = rule.repositories.flatMap((pattern) =>
    placeholderValues(pattern, segments).map((values) => ({ pattern, values })),
  );
  return askersOf(rule.who)
    .flatMap((asker) => fits.map((fit) => ({ asker, ...fit })))
    .filter((alternative) => someCallerHas(alternative, search));
}

function granteeOf(rule: Rule, { asker, values, pattern }: Alternative, question: Question): Grantee {
  const conditions = [
    ...[...values].filter(([name]) => isOpenValue(name, asker)).map(([name, value]) => `${name} is ${value}`),
    ...requirementsOf(rule.conditions),
  ];
  const isConditional = conditions.length > 0;
  const isEnough = ({ granted, because }: Grant): boolean =>
    granted.includes(question.action) || (isConditional && because.every(({ effect }) => effect !== 'deny'));
  const caller = imaginedCaller(asker, values);
  const times = timesWithin(rule.conditions, question.times);
  const grants = times.map((time) => question.decide(caller, time));
  const isPossible = someCallerCan(rule, { asker, values, pattern }, question.search) ?? grants.some(isEnough);
  const verdict = isPossible ? verdictOf(grants.map(isEnough), isConditional) : 'no';
  return {
    who: whoText(asker, 'sentence', values),
    rule,
    conditions,
    except: exceptionTexts(rule),
    verdict,
    denials: denialsIn(grants, question.policy),
    isExceptionAllowed: verdict === 'no' && isPossible,
  };
}

/** @param enough whether the decision is good enough, for each time */
function verdictOf(enough: readonly boolean[], isConditional: boolean): Grantee['verdict'] {
  if (!enough.includes(true)) return 'no';
  return isConditional || enough.includes(false) ? 'perhaps' : 'yes';
}

/** Whether neither the name nor the group of a grantee shows the value: `{user}` of a group's member, an attribute. */
function isOpenValue(name: string, asker: Asker): boolean {
  return name.includes(':') || (name === 'user' && asker.kind !== 'user');
}

function exceptionTexts({ conditions }: Rule): readonly string[] {
  return exceptionsOf(conditions).map((asker) => whoText(asker, 'sentence'));
}

/** @param grants the decisions at all times */
function denialsIn(grants: readonly Grant[], policy: Policy): readonly Denial[] {
  const reasons = grants.flatMap(({ because }) => because.filter(({ effect }) => effect === 'deny'));
  return [...Map.groupBy(reasons, ({ rule, line }) => `${line} ${rule}`).values()].flatMap(([reason, ...others]) =>
    reason === undefined ? [] : [denialOf(policy, reason, others.length + 1 === grants.length)],
  );
}

function denialOf({ rules }: Policy, { rule: name, file, line, via }: Reason, isPermanent: boolean): Denial {
  const rule = rules.find((one) => one.name === name && one.line === line);
  const timed = isPermanent ? [] : (rule?.conditions.filter((condition) => dependsOn(condition, 'time')) ?? []);
  return {
    rule: name,
    file,
    line,
    via,
    except: rule === undefined ? [] : exceptionTexts(rule),
    conditions: timed.map(({ phrases }) => phrases.requirement),
  };
}

/** A caller who is that and nothing else. */
function imaginedCaller(asker: Asker, values: ReadonlyMap<string, string>): Caller {
  if (asker.kind === 'everyone') return ANONYMOUS;
  const name =
    asker.kind === 'user' ? (values.get('user') ?? filled(asker.pair, values)) : (values.get('user') ?? NOBODY);
  const group = asker.kind === 'group' ? [values.get('group') ?? filled(asker.pair, values)] : [];
  const attributes = [...values].filter(([key]) => key.includes(':')).map(([key, value]) => [key, [value]] as const);
  return { kind: 'user', identity: { ...imaginedIdentity(name, group), attributes: new Map(attributes) } };
}

function unique(grantees: readonly Grantee[]): readonly Grantee[] {
  return [...new Map(grantees.map((one) => [JSON.stringify([one.who, one.rule.index, one.conditions]), one])).values()];
}
