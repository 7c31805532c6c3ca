/**
 * Who can do something with a repository: the other way round of a decision. For each way in which a rule allows it,
 * somebody is imagined who fits that way and nothing else, and the decision about them is made by `decide`.
 */
import type { Action, Reason } from '../access.ts';
import { ANONYMOUS, username } from '../identity.ts';
import type { Caller } from '../identity.ts';
import { groupName } from '../groups.ts';
import type { Scope } from '../scope.ts';
import { decide } from './decide.ts';
import type { CasePair, Policy, Rule } from './policy.ts';
import { placeholderValues } from './placeholder-values.ts';
import { whoText } from './relation/who-text.ts';
import { askersOf } from './relation/who.ts';
import type { Asker } from './relation/who.ts';
import { repositorySegments } from './repository-pattern.ts';

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
export function isOpen({ verdict, denials }: Way): boolean {
  return verdict !== 'no' || (denials.length > 0 && denials.every(({ except }) => except.length > 0));
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

function wayOf(
  policy: Policy,
  rule: Rule,
  fit: Fit,
  granted: (caller: Caller) => { granted: readonly Action[]; because: readonly Reason[] },
): Way {
  const { asker, values } = fit;
  const conditions = [
    ...[...values].filter(([name]) => isBesides(name, asker)).map(([name, value]) => `${name} is ${value}`),
    ...(rule.clients === undefined ? [] : [`asked from ${rule.clients.map(({ text }) => text).join(', ')}`]),
    ...(rule.match === undefined ? [] : ['a condition of the rule, which only a request can tell']),
  ];
  const decided = granted(imagined(asker, values));
  const isAllowed = decided.granted.length > 0;
  const denials = decided.because.filter(({ effect }) => effect === 'deny').map((reason) => denialOf(policy, reason));
  return {
    who: whoText(asker, values),
    rule,
    conditions,
    except: rule.except === undefined ? [] : askersOf(rule.except).map((one) => whoText(one, new Map())),
    verdict: verdictOf(isAllowed, denials.length > 0, conditions.length > 0),
    denials,
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
  return {
    kind: 'user',
    identity: {
      username: username(name),
      groups: new Set(group.map((text) => groupName(text, { lowercase: true }))),
      backend: '',
      caseless: true,
      attributes: new Map(attributes),
    },
  };
}

/** A user whom no policy names. */
const NOBODY = '-';

/** A name that fits, with the values where they are captured. */
function filled({ folded }: CasePair, values: ReadonlyMap<string, string>): string {
  return folded.text.replaceAll(/\*|\{([^{}]*)\}/g, (_, name?: string) =>
    name === undefined ? NOBODY : (values.get(name) ?? NOBODY),
  );
}

function unique(ways: readonly Way[]): readonly Way[] {
  return [...new Map(ways.map((way) => [JSON.stringify([way.who, way.rule.index, way.conditions]), way])).values()];
}
