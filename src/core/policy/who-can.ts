/**
 * Who can do something with a repository: the other way round of a decision. For each way in which a rule allows it,
 * somebody is imagined who fits that way and nothing else, and the decision about them is made by `decide`.
 */
import type { Action, Grant, Reason } from '../access.ts';
import { ANONYMOUS } from '../identity.ts';
import type { Caller } from '../identity.ts';
import type { Scope } from '../scope.ts';
import { decide } from './decide.ts';
import type { Policy } from './policy.ts';
import type { Rule } from './rule.ts';
import { placeholderValues } from './placeholder-values.ts';
import { whoText } from './relation/who-text.ts';
import { askersOf } from './relation/who.ts';
import type { Asker } from './relation/who.ts';
import { repositorySegments } from './repository-pattern.ts';
import { filled, imaginedIdentity, isSomebodySpared, NOBODY } from './exceptions.ts';

/** One way to be allowed. */
export interface Way {
  /** Who that is: `members of team-web`, `user alice`, `any user`, `anybody, also without a login`. */
  readonly who: string;
  readonly rule: Rule;
  /** What must hold besides, which neither names nor groups tell: an attribute, a claim, the client's address. */
  readonly conditions: readonly string[];
  /** Who the rule excepts. */
  readonly except: readonly string[];
  /** `yes`, `no`: whoever is that and nothing else; `perhaps`: that depends on the conditions. */
  readonly verdict: 'yes' | 'no' | 'perhaps';
  /** The denials that stand against it, with whom they spare. */
  readonly denials: readonly Denial[];
  /** Whether somebody who is that, and more besides, can although this one cannot: one whom each denial spares. */
  readonly spared: boolean;
}

export interface Denial {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** Who is denied. */
  readonly via: string;
  /** Whom the denial excepts: being that as well, one may. */
  readonly except: readonly string[];
}

export interface WhoCan {
  readonly ways: readonly Way[];
  /** The real users, of those given, who can. */
  readonly users: readonly string[];
  readonly anonymous: boolean;
}

export interface WhoCanOptions {
  readonly service: string;
  /** The address asked from; empty: not known. */
  readonly client: string;
  /** Users that are known by name, with their groups. */
  readonly users: readonly Caller[];
}

export function whoCan(policy: Policy, action: Action, repository: string, options: WhoCanOptions): WhoCan {
  const asked: Scope = { type: 'repository', name: repository, actions: [action] };
  const granted = (caller: Caller) => decide(policy, { caller, ...options }, asked);
  const isGranted = (caller: Caller): boolean => granted(caller).granted.length > 0;
  const segments = repositorySegments(repository) ?? [];
  const ways = policy.rules
    .filter(({ effect, actions }) => effect === 'allow' && (actions.includes(action) || actions.includes('*')))
    .flatMap((rule) => waysOf(rule, segments, options.service).map((fit) => wayOf(policy, rule, fit, granted)));
  return {
    ways: unique(ways),
    users: options.users.filter(isGranted).map((caller) => (caller.kind === 'user' ? caller.identity.username : '')),
    anonymous: isGranted(ANONYMOUS),
  };
}

/** Whether somebody gets in that way: as it is, under its conditions, or being spared by each denial. */
export function isOpen({ verdict, spared }: Way): boolean {
  return verdict !== 'no' || spared;
}

/** One alternative of a rule's who, with the values that the repository asks of it. */
interface Fit {
  readonly asker: Asker;
  readonly values: ReadonlyMap<string, string>;
}

function waysOf(rule: Rule, segments: readonly string[], service: string): readonly Fit[] {
  if (rule.services !== undefined && !rule.services.some((pattern) => pattern.match(service) !== undefined)) return [];
  const fits = rule.repositories.flatMap((pattern) => placeholderValues(pattern, segments));
  return askersOf(rule.who).flatMap((asker) =>
    fits.filter((values) => canBe(asker, values)).map((values) => ({ asker, values })),
  );
}

/** Whether the values that the repository asks for can be had that way. */
function canBe(asker: Asker, values: ReadonlyMap<string, string>): boolean {
  const own = values.get(asker.kind === 'user' ? 'user' : 'group');
  return own === undefined || asker.kind === 'everyone' || asker.pair.folded.match(own) !== undefined;
}

function wayOf(policy: Policy, rule: Rule, fit: Fit, granted: (caller: Caller) => Grant): Way {
  const { asker, values } = fit;
  const conditions = [
    ...[...values].filter(([name]) => isBesides(name, asker)).map(([name, value]) => `${name} is ${value}`),
    ...(rule.clients === undefined ? [] : [`asked from ${rule.clients.map(({ text }) => text).join(', ')}`]),
    ...(rule.match === undefined ? [] : ['a condition of the rule, which only a request can tell']),
  ];
  const person = imagined(asker, values);
  const decided = granted(person);
  const isAllowed = decided.granted.length > 0;
  const denials = decided.because.filter(({ effect }) => effect === 'deny').map((reason) => denialOf(policy, reason));
  const isConditional = conditions.length > 0;
  const verdict = verdictOf(isAllowed, denials.length > 0, isConditional);
  const isEnough = ({ granted: actions, because }: Grant): boolean =>
    actions.length > 0 || (isConditional && because.every(({ effect }) => effect !== 'deny'));
  return {
    who: whoText(asker, values),
    rule,
    conditions,
    except: rule.except === undefined ? [] : askersOf(rule.except).map((one) => whoText(one, new Map())),
    verdict,
    denials,
    spared: verdict === 'no' && isSomebodySpared(policy, person, { asker, values, isEnough, decide: granted }),
  };
}

function verdictOf(isAllowed: boolean, isDenied: boolean, isConditional: boolean): Way['verdict'] {
  if (isConditional) return isDenied ? 'no' : 'perhaps';
  return isAllowed ? 'yes' : 'no';
}

/** What is asked for beside who somebody is: `{user}` of a group's member, an attribute, a claim. */
function isBesides(name: string, asker: Asker): boolean {
  return name.includes(':') || (name === 'user' && asker.kind !== 'user');
}

function denialOf({ rules }: Policy, { rule: name, file, line, via }: Reason): Denial {
  const rule = rules.find((one) => one.name === name && one.line === line);
  const except = rule?.except === undefined ? [] : askersOf(rule.except).map((asker) => whoText(asker, new Map()));
  return { rule: name, file, line, via, except };
}

/** Somebody who is that and nothing else. */
function imagined(asker: Asker, values: ReadonlyMap<string, string>): Caller {
  if (asker.kind === 'everyone') return ANONYMOUS;
  const name =
    asker.kind === 'user' ? (values.get('user') ?? filled(asker.pair, values)) : (values.get('user') ?? NOBODY);
  const group = asker.kind === 'group' ? [values.get('group') ?? filled(asker.pair, values)] : [];
  const attributes = [...values].filter(([key]) => key.includes(':')).map(([key, value]) => [key, [value]] as const);
  return { kind: 'user', identity: { ...imaginedIdentity(name, group), attributes: new Map(attributes) } };
}

function unique(ways: readonly Way[]): readonly Way[] {
  return [...new Map(ways.map((way) => [JSON.stringify([way.who, way.rule.index, way.conditions]), way])).values()];
}
