/** Converts `match` of a rule to plain conditions, if they mean the same for all requests. */
import { ACTIONS } from '../../core/access.ts';
import type { Action } from '../../core/access.ts';
import { canonicalDn } from '../../core/groups.ts';
import { foldCase } from '../../core/fold-case.ts';
import { parseMatchPattern, regexOf } from '../../config/match/match-pattern.ts';
import { plainName, plainRepository, plainWho } from '../docker-auth/plain.ts';
import type { MatchDraft } from '../rule-draft.ts';
import type { Domain } from './domain.ts';
import { namePatterns, repositoryPatterns } from './plain-patterns.ts';
import { parseSimpleRegex } from './simple-regex.ts';
import type { Token } from './simple-regex.ts';

/** A rule before the conversion of `match`. */
interface WrittenRule {
  readonly domain: Domain;
  readonly match: MatchDraft | undefined;
}

/** @returns the domain; undefined: no request matches; or a sentence that says why `match` cannot be converted */
export function plainDomain({ domain, match }: WrittenRule): Domain | string | undefined {
  if (match === undefined) return domain;
  const steps = [withLabels, withAccount, withService, withName];
  let found: Domain | string | undefined = domain;
  for (const step of steps) {
    if (typeof found === 'string' || found === undefined) return found;
    found = step(found, match);
  }
  return found;
}

type Step = (domain: Domain, match: MatchDraft) => Domain | string | undefined;

const withLabels: Step = (domain, { labels = {}, account }) => {
  const [label, ...more] = Object.entries(labels);
  if (label === undefined) return domain;
  const [key, pattern] = label;
  const [kind, prefix] = key.split(':');
  if (more.length > 0 || kind !== 'group') return 'labels: only one condition, on groups, can be expressed by groups';
  if (account !== undefined || !isForAnybody(domain)) return 'labels: a rule cannot require a user and a group at once';
  const value = plainName(pattern);
  const group =
    value === undefined ? undefined : prefix === undefined ? value : `${key.slice('group:'.length)}:${value}`;
  if (group === undefined || canonicalDn(group) !== undefined)
    return `labels: "${pattern}" is not a plain name of a group`;
  if (foldCase(group) !== group) return caseMatters('labels', pattern);
  return { ...domain, everyone: false, users: [], groups: [group] };
};

const withAccount: Step = (domain, { account }) => {
  if (account === undefined) return domain;
  if (!isForAnybody(domain)) return 'account: the rule also names users or groups';
  const who = matchedUsers(account);
  if (typeof who === 'string') return who;
  const anonymous = domain.everyone && who.anonymous;
  if (who.users.length === 0) return anonymous ? { ...domain, exceptUsers: [...domain.exceptUsers, '*'] } : undefined;
  if (!anonymous) return { ...domain, everyone: false, users: who.users, groups: [] };
  return who.users.includes('*') ? domain : 'account: anonymous and some users cannot be in one rule';
};

function matchedUsers(account: string): { readonly users: readonly string[]; readonly anonymous: boolean } | string {
  if (account === '') return { users: [], anonymous: true };
  if (account.includes('${')) return 'account: a placeholder has no equivalent pattern';
  if (foldCase(account) !== account) return caseMatters('account', account);
  const regex = regexOf(account);
  if (regex === undefined) {
    const { users, except } = plainWho(account, true) ?? {};
    const isPlain = users !== undefined && except === undefined;
    return isPlain ? { users, anonymous: false } : `account: in "${account}" a wildcard stops at a slash`;
  }
  const alternatives = parseSimpleRegex(regex);
  const users = namePatterns((alternatives ?? []).filter((tokens) => tokens.length > 0));
  if (alternatives === undefined || users === undefined) return noPlainWords('account', account);
  const pattern = parseMatchPattern(account);
  return { users, anonymous: typeof pattern !== 'string' && pattern.matches('', () => []) };
}

const withService: Step = (domain, { service }) => {
  if (service === undefined) return domain;
  if (domain.services !== undefined) return 'service: the rule also names services';
  if (service.includes('${')) return 'service: a placeholder has no equivalent pattern';
  const alternatives = alternativesOf(service, plainName(service));
  const services = alternatives === undefined ? undefined : namePatterns(alternatives);
  return services === undefined ? noPlainWords('service', service) : { ...domain, services };
};

const withName: Step = (domain, { name }) => {
  if (name === undefined) return domain;
  if (name.includes('${'))
    return `name: "${name}" compares letter by letter, and a plain placeholder compares lower case`;
  if (domain.repositories === undefined) {
    const pattern = parseMatchPattern(name);
    return typeof pattern !== 'string' && pattern.matches('catalog', () => []) ? domain : undefined;
  }
  if (domain.repositories.some((text) => text !== '**')) return 'name: the rule also names repositories';
  const glob = regexOf(name) === undefined ? plainRepository(name, new Map()) : undefined;
  const regex = regexOf(name);
  const alternatives = regex === undefined ? undefined : parseSimpleRegex(regex);
  const found = glob === undefined ? alternatives && repositoryPatterns(alternatives) : [glob];
  if (found === undefined) return noPlainWords('name', name);
  return found.length === 0 ? undefined : { ...domain, repositories: found };
};

function alternativesOf(text: string, literal: string | undefined): readonly (readonly Token[])[] | undefined {
  const regex = regexOf(text);
  if (regex !== undefined) return parseSimpleRegex(regex);
  return literal === undefined ? undefined : [[{ kind: 'literal', text: literal }]];
}

/** Whether a request of anonymous can match. Anonymous has an empty name and no labels. */
export function mayMatchAnonymous({ account, name, service, labels = {} }: MatchDraft): boolean {
  const texts = [account, name, service].filter((text) => text !== undefined);
  if (Object.keys(labels).length > 0 || texts.some((text) => text.includes('${labels:'))) return false;
  const pattern = account === undefined || account.includes('${') ? undefined : parseMatchPattern(account);
  return pattern === undefined || typeof pattern === 'string' || pattern.matches('', () => []);
}

function isForAnybody({ users, everyone }: Domain): boolean {
  return everyone || users.includes('*');
}

function caseMatters(key: string, pattern: string): string {
  return `${key}: "${pattern}" has upper-case letters, which plain names of a directory's users are compared without`;
}

function noPlainWords(key: string, pattern: string): string {
  return `${key}: "${pattern}" says more than plain patterns can`;
}

/** The actions that a rule grants: `*` is all actions. */
export function grantsOf(effect: 'allow' | 'deny', actions: readonly Action[]): ReadonlySet<Action> {
  if (effect === 'deny') return new Set();
  return new Set(actions.includes('*') ? ACTIONS : actions);
}
