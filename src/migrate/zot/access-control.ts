/** `accessControl` of zot, as it reads it. */
import type { Report } from '../finding.ts';
import { entriesOf, itemsOf, textAt, textsOf } from '../foreign-yaml.ts';
import type { ForeignEntry, ForeignNode } from '../foreign-yaml.ts';

export interface ZotGrant {
  readonly line: number;
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly actions: readonly string[];
}

export interface ZotRepositories {
  readonly pattern: string;
  readonly line: number;
  readonly policies: readonly ZotGrant[];
  readonly defaultPolicy: readonly string[];
  readonly anonymousPolicy: readonly string[];
}

export interface AccessControl {
  readonly repositories: readonly ZotRepositories[];
  readonly admin: ZotGrant | undefined;
  /** The members of groups that the file itself defines. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

/** zot compares keys without case. */
function find(node: ForeignNode | undefined, key: string): ForeignEntry | undefined {
  return entriesOf(node).findLast((one) => one.key.toLowerCase() === key.toLowerCase());
}

export function findAccessControl(root: ForeignNode): ForeignEntry | undefined {
  return find(find(root, 'http')?.value, 'accessControl') ?? find(root, 'accessControl');
}

export function readAccessControl(node: ForeignNode, report: Report): AccessControl {
  const groups = entriesOf(find(node, 'groups')?.value);
  const repositories = find(node, 'repositories');
  const admin = find(node, 'adminPolicy');
  const metrics = find(node, 'metrics');
  if (metrics !== undefined) report('note', metrics.line, 'metrics: who may read the metrics of zot stays with zot');
  return {
    repositories: entriesOf(repositories?.value).map((one) => readRepositories(one, report)),
    admin: admin === undefined ? undefined : readGrant(admin.value, admin.line),
    members: new Map(groups.map(({ key, value }) => [key, textsOf(find(value, 'users')?.value)])),
  };
}

function readRepositories({ key, line, value }: ForeignEntry, report: Report): ZotRepositories {
  const policies = itemsOf(find(value, 'policies')?.value).flatMap((item): ZotGrant[] => {
    const conditions = find(item, 'conditions');
    if (conditions === undefined || itemsOf(conditions.value).length === 0) return [readGrant(item, item.line)];
    report('lost', conditions.line, `"${key}": a policy with conditions; what it grants is not granted here`);
    return [];
  });
  return {
    pattern: key,
    line,
    policies,
    defaultPolicy: textsOf(find(value, 'defaultPolicy')?.value),
    anonymousPolicy: textsOf(find(value, 'anonymousPolicy')?.value),
  };
}

function readGrant(node: ForeignNode, line: number): ZotGrant {
  const list = (key: string): readonly string[] => {
    const found = find(node, key)?.value;
    const one = textAt(found);
    return one === undefined ? textsOf(found) : [one];
  };
  return { line, users: list('users'), groups: list('groups'), actions: list('actions') };
}
