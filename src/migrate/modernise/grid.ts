/** Decides the same requests by two policies: a check of a proposal that has been proven already. */
import { groupName } from '../../core/groups.ts';
import { ANONYMOUS, username } from '../../core/identity.ts';
import type { Caller } from '../../core/identity.ts';
import { decide } from '../../core/policy/decide.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { repositorySegments } from '../../core/policy/repository-pattern.ts';
import { DEFAULT_TIME } from '../../core/policy/situation.ts';
import type { Situation } from '../../core/policy/situation.ts';
import type { Scope } from '../../core/scope.ts';
import { neighboursOf, samplesOf } from '../docker-auth/samples.ts';
import type { PlainRule } from '../../config/policy-task.ts';
import { importedConditions } from './imported-conditions.ts';
import type { ImportedConditions } from './imported-conditions.ts';

interface TriedRequest {
  readonly situation: Situation;
  readonly asked: Scope;
}

interface GridResult {
  readonly compared: number;
  readonly differing: readonly TriedRequest[];
}

const MAX = { names: 40, callers: 60, services: 4, addresses: 5, requests: 20_000 } as const;

export function compareOnGrid(before: Policy, after: Policy, rules: readonly PlainRule[]): GridResult {
  const requests = requestsFor(rules);
  const differing = requests.filter(({ situation, asked }) => {
    const [old, next] = [before, after].map((policy) => new Set<string>(decide(policy, situation, asked).granted));
    return old?.symmetricDifference(next ?? new Set()).size !== 0;
  });
  return { compared: requests.length, differing };
}

function requestsFor(rules: readonly PlainRule[]): readonly TriedRequest[] {
  const asked: readonly Scope[] = [
    ...namesIn(rules).map((name) => ({ type: 'repository', name, actions: ['pull', 'push', 'delete'] })),
    { type: 'registry', name: 'catalog', actions: ['*'] },
  ];
  const services = ['', ...texts(rules, (_, { services: own }) => own, 'service')].slice(0, MAX.services);
  const own = rules.flatMap((rule) => importedConditions(rule).clients ?? []).map((range) => range.split('/')[0] ?? '');
  const addresses = [...new Set(['', '203.0.113.9', ...own])].slice(0, MAX.addresses);
  const requests: TriedRequest[] = [];
  for (const caller of callersIn(rules)) {
    for (const scope of asked) {
      for (const service of services) {
        for (const client of addresses) {
          if (requests.length >= MAX.requests) return requests;
          requests.push({ situation: { caller, service, client, time: DEFAULT_TIME }, asked: scope });
        }
      }
    }
  }
  return requests;
}

function namesIn(rules: readonly PlainRule[]): readonly string[] {
  const named = texts(rules, ({ repositories }) => repositories, 'name');
  const all = [...named, ...named.flatMap(neighboursOf), 'a', 'a/b', 'a/b/c'];
  return [...new Set(all)].filter((name) => repositorySegments(name) !== undefined).slice(0, MAX.names);
}

function callersIn(rules: readonly PlainRule[]): readonly Caller[] {
  const users = [
    ...texts(rules, ({ who }, { except }) => [...who.users, ...(except?.users ?? [])], 'account'),
    'somebody',
  ];
  const groups = texts(rules, ({ who }, { except }) => [...who.groups, ...(except?.groups ?? [])], undefined);
  const named = users.flatMap((user) =>
    [[], ...groups.map((group) => [group])].map((memberOf) => ({ user, memberOf })),
  );
  const many = groups.map((group, at) => ({ user: 'somebody', memberOf: [group, groups[at + 1] ?? group] }));
  const callers = [...many, ...named].map(({ user, memberOf }, at) => callerOf(user, memberOf, at % 2 === 1));
  return [ANONYMOUS, ...callers].slice(0, MAX.callers);
}

function callerOf(user: string, groups: readonly string[], caseless: boolean): Caller {
  return {
    kind: 'user',
    identity: {
      username: username(caseless ? user.toLowerCase() : user),
      groups: new Set(groups.map((group) => groupName(group, { lowercase: caseless }))),
      backend: '',
      caseless,
      attributes: new Map(),
    },
  };
}

/** Texts that match patterns of the rules. */
function texts(
  rules: readonly PlainRule[],
  patterns: (rule: PlainRule, conditions: ImportedConditions) => readonly string[] | undefined,
  key: 'account' | 'name' | 'service' | undefined,
): readonly string[] {
  const plain = rules.flatMap((rule) => patterns(rule, importedConditions(rule)) ?? []);
  const matched = rules.flatMap((rule) => {
    const pattern = key === undefined ? undefined : importedConditions(rule).match?.[key];
    return pattern !== undefined && !pattern.includes('${') ? samplesOf(pattern) : [];
  });
  return [...new Set([...plain.map(filled), ...matched])].filter((text) => text !== '');
}

function filled(pattern: string): string {
  return pattern.replaceAll('**', 'x/y').replaceAll(/\*|\{[^{}]*\}/g, 'x');
}
