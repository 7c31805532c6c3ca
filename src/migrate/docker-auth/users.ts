/** Translates the static users of docker_auth to a users.yaml. */
import { parseHash } from '../../backends/password-hash.ts';
import { groupProblem, usernameProblem } from '../../backends/static-file/names.ts';
import type { Report } from '../finding.ts';
import { child, entriesOf, itemsOf, textAt } from '../foreign-yaml.ts';
import type { ForeignEntry, ForeignNode } from '../foreign-yaml.ts';
import { staticKey } from './world.ts';
import type { LabelSource, World } from './world.ts';

interface StaticUser {
  readonly name: string;
  readonly hash: string;
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

export interface StaticUsers {
  readonly users: readonly StaticUser[];
  /** Whether docker_auth accepts requests without credentials. */
  readonly anonymous: boolean;
  readonly world: World;
}

export function readUsers(node: ForeignNode | undefined, report: Report): StaticUsers {
  const users: StaticUser[] = [];
  let anonymous = false;
  for (const one of entriesOf(node)) {
    const labels = labelsOf(one);
    if (one.key === '') anonymous = readAnonymous(one, labels, report);
    else {
      const problem = userProblem(one, labels);
      if (problem === undefined) users.push({ name: one.key, hash: textAt(one.value, 'password') ?? '', labels });
      else report('lost', one.line, `the user "${one.key}": ${problem}`);
    }
  }
  return { users, anonymous, world: worldOf(users) };
}

/** The groups of a user: one for each value of each label. */
export function groupsOf({ labels }: Pick<StaticUser, 'labels'>): readonly string[] {
  return [...labels].flatMap(([label, values]) => values.map((value) => groupFor(label, value)));
}

function groupFor(label: string, value: string): string {
  return `${label}:${value}`;
}

function labelsOf({ value }: ForeignEntry): ReadonlyMap<string, readonly string[]> {
  const labels = entriesOf(child(value, 'labels'));
  return new Map(labels.map(({ key, value: list }) => [key, itemsOf(list).map((item) => textAt(item) ?? '')]));
}

function readAnonymous({ line, value }: ForeignEntry, labels: StaticUser['labels'], report: Report): boolean {
  if (child(value, 'password')?.kind === 'scalar') {
    report('lost', line, 'the user without a name has a password, which no client sends with an empty name');
    return false;
  }
  if (labels.size > 0) report('lost', line, 'the labels of the user without a name: anonymous is in no group');
  return true;
}

function userProblem({ key, value }: ForeignEntry, labels: StaticUser['labels']): string | undefined {
  const problem = usernameProblem(key);
  if (problem !== undefined) return problem;
  const password = textAt(value, 'password');
  if (password === undefined) return 'has no password, so docker_auth accepts any password; set one in users.yaml';
  const hash = parseHash(password);
  if (typeof hash === 'string') return hash;
  const bad = groupsOf({ labels }).flatMap((group) => groupProblem(group) ?? []);
  return bad[0] === undefined ? undefined : `has a label that cannot be a group: ${bad[0]}`;
}

function worldOf(users: readonly StaticUser[]): World {
  const values = new Map<string, Set<string>>();
  for (const { labels } of users) {
    for (const [label, own] of labels) values.set(label, new Set([...(values.get(label) ?? []), ...own]));
  }
  const sources = [...values].map(([label, all]): [string, LabelSource] => {
    // Group names in a policy are patterns, in which these characters have a meaning.
    const isPlain = !/[*{}=,]/.test(label);
    return [
      label,
      { key: staticKey(label), values: [...all], ...(isPlain ? { group: (value) => groupFor(label, value) } : {}) },
    ];
  });
  return { name: 'static', isCaseless: false, labels: new Map(sources) };
}
