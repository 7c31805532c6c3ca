/** The first policy: one rule for one namespace, with tests. */
import { foldCase } from '../../core/fold-case.ts';
import { parseNamePattern } from '../../core/policy/name-pattern.ts';
import { isSegment, parseRepositoryPattern } from '../../core/policy/repository-pattern.ts';
import type { Interview } from './interview.ts';
import { choice, text } from './question.ts';
import type { Question } from './question.ts';
import type { Member } from './source.ts';

interface PolicyAnswers {
  /** A pattern for groups; `*`: every user. */
  readonly group: string;
  /** The namespace of its members, in which they push: `web`, `{team}`, `users/{user}`. */
  readonly namespace: string;
  /** Whether everybody may pull `public/**`, also without an account. */
  readonly isPublic: boolean;
  readonly member: Member | undefined;
}

export const GROUP: Question<string> = {
  flag: 'group',
  placeholder: 'name',
  prompt: 'Group',
  about: 'The group that owns a namespace, or team-{team} for all groups of that form, or * for every user.',
  more: [
    'Members pull and push in their namespace. What no rule allows is denied, so others get nothing there.',
    'team-{team} matches team-web, and {team} is then web: one rule for all teams.',
  ],
  parse: text((answer) => {
    const pattern = parseNamePattern(answer);
    return typeof pattern === 'string' ? `the name ${pattern}` : undefined;
  }),
};

/** @param group the answer to `GROUP` */
function namespaceOf(group: string): Question<string> {
  const known = ['user', ...capturesOf(group)];
  return {
    flag: 'namespace',
    placeholder: 'path',
    prompt: 'Namespace',
    about: `The namespace they own, in which ${known.map((name) => `{${name}}`).join(' and ')} may stand for a name.`,
    more: ['With web, members push web/app, web/app/ui and so on. With users/{user}, each user has a namespace.'],
    parse: text((answer) => {
      const pattern = parseRepositoryPattern(`${answer}/**`);
      if (typeof pattern === 'string') return `the namespace ${pattern}`;
      const unknown = [...answer.matchAll(/\{([^{}]*)\}/g)].find(([, name = '']) => !known.includes(name));
      return unknown === undefined ? undefined : `expected no ${unknown[0]}: the group does not have it`;
    }),
  };
}

const PUBLIC: Question<'yes' | 'no'> = {
  flag: 'public',
  placeholder: 'answer',
  prompt: 'Public images',
  about: 'Whether everybody may pull public/**, also without an account: yes or no.',
  more: ['With no, the registry gives nothing to anybody who has not logged in.'],
  parse: choice(['yes', 'no']),
};

export const POLICY_QUESTIONS: readonly Question<unknown>[] = [GROUP, namespaceOf('*'), PUBLIC];

export async function askPolicy(interview: Interview, member: Member | undefined): Promise<PolicyAnswers> {
  const group = await interview.ask(GROUP, proposedGroup(member));
  const namespace = await interview.ask(namespaceOf(group), proposedNamespace(group));
  const isPublic = (await interview.ask(PUBLIC, 'no')) === 'yes';
  return { group, namespace, isPublic, member };
}

/** The form of all teams where a group has such a name. Groups that only a DN names are not proposed. */
function proposedGroup(member: Member | undefined): string | undefined {
  if (member === undefined) return undefined;
  const names = member.groups.filter((name) => !name.includes('=') && !/[*{}]/.test(name));
  const team = names.find((name) => /^(?:team|group|project|dept|squad)-./.test(name));
  if (team !== undefined) return `${team.slice(0, team.indexOf('-'))}-{team}`;
  return names[0] ?? '*';
}

function proposedNamespace(group: string): string {
  if (group === '*') return 'users/{user}';
  const [capture] = capturesOf(group);
  if (capture !== undefined) return `{${capture}}`;
  const name = group
    .toLowerCase()
    .replace(/^.*?-/, '')
    .replaceAll(/[^a-z0-9]+/g, '-');
  return name.replaceAll(/^-|-$/g, '') || 'web';
}

function capturesOf(group: string): readonly string[] {
  const pattern = parseNamePattern(group);
  return typeof pattern === 'string' ? [] : pattern.captures;
}

/** Characters, in the schema of policy.yaml. */
const MAX_RULE_NAME = 200;

/** The text of policy.yaml. A JSON string is a YAML string. */
export function policyText(answers: PolicyAnswers): string {
  const { group, namespace, isPublic } = answers;
  const quoted = JSON.stringify;
  const who = group === '*' ? 'users: ["*"]' : `groups: [${quoted(group)}]`;
  const name = `${group === '*' ? 'every user' : group} owns ${namespace}`.slice(0, MAX_RULE_NAME);
  return [
    '# What no rule allows is denied. "fairlead explain" shows which rule decides a request.',
    'roles:',
    '  reader: [pull]',
    '  writer: [pull, push]',
    '',
    'rules:',
    `  - name: ${quoted(name)}`,
    `    ${who}`,
    `    repositories: [${quoted(`${namespace}/**`)}]`,
    '    allow: writer',
    ...(isPublic
      ? ['  - name: public images', '    everyone: true', '    repositories: ["public/**"]', '    allow: reader']
      : []),
    '',
    'tests:',
    ...testLines(answers),
    '',
    'invariants:',
    '  - name: no write without a login',
    '    never: { anonymous: true, repositories: ["**"], actions: [push, delete] }',
    '',
  ].join('\n');
}

/** A member may push to the namespace; a user in no group, or of another name, may not. */
function testLines({ group, namespace, member }: PolicyAnswers): readonly string[] {
  const { user, groups, repository } = exampleOf(group, namespace, member);
  const test = (name: string, among: readonly string[], expect: string): string =>
    `  - { user: ${JSON.stringify(name)}, groups: ${JSON.stringify(among)}, scope: "repository:${repository}:push", expect: [${expect}] }`;
  if (group !== '*') return [test(user, groups, 'push'), test(user, [], '')];
  const isOwn = namespace.includes('{user}');
  return [test(user, [], 'push'), ...(isOwn ? [test(`not-${user}`, [], '')] : [])];
}

interface Example {
  readonly user: string;
  readonly groups: readonly string[];
  readonly repository: string;
}

/** The member where the rule gives the member a namespace, otherwise invented names. */
function exampleOf(group: string, namespace: string, member: Member | undefined): Example {
  const invented = group.replaceAll(/\{[^{}]*\}|\*/g, 'example');
  for (const name of [...(member?.groups ?? []), invented]) {
    const values = valuesOf(group, name);
    const user = member !== undefined && isSegment(foldCase(member.username)) ? member.username : 'alice';
    const repository = `${withValues(namespace, new Map([...(values ?? []), ['user', user]]))}/app`;
    if (values !== undefined && repository.split('/').every(isSegment)) return { user, groups: [name], repository };
  }
  return { user: 'alice', groups: [invented], repository: `${withValues(namespace, new Map())}/app` };
}

/** @returns undefined when the group does not have the form */
function valuesOf(group: string, name: string): ReadonlyMap<string, string> | undefined {
  const pattern = parseNamePattern(group);
  return typeof pattern === 'string' ? undefined : pattern.match(name);
}

function withValues(namespace: string, values: ReadonlyMap<string, string>): string {
  return namespace
    .replaceAll(/\{([^{}]*)\}/g, (_placeholder, name: string) => foldCase(values.get(name) ?? 'example'))
    .replaceAll('*', 'example');
}
