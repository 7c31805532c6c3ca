/** `accessControl` of zot, as it reads it. */
import type { Report } from '../finding.ts';
import { entriesOf, itemsOf, textAt, textsOf } from '../foreign-yaml.ts';
import type { ForeignEntry, ForeignNode } from '../foreign-yaml.ts';
import { reportUnread } from '../shape.ts';
import type { Shape } from '../shape.ts';

interface ZotGrant {
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

const POLICY: Shape = { keys: { users: 'texts', groups: 'texts', actions: 'texts', conditions: 'ignored' } };
const REPOSITORIES: Shape = {
  keys: { policies: { items: POLICY }, defaultPolicy: 'texts', anonymousPolicy: 'texts' },
};
const SECTIONS = {
  adminPolicy: POLICY,
  groups: { keys: {}, any: { keys: { users: 'texts' } } },
  metrics: { keys: { users: 'texts', anonymousPolicy: 'texts' } },
} as const satisfies Record<string, Shape>;
const SHAPE: Shape = { keys: { ...SECTIONS, repositories: { keys: {}, any: REPOSITORIES } } };
const OLD_SHAPE: Shape = { keys: SECTIONS, any: REPOSITORIES };

/** zot compares keys without case. */
export function find(node: ForeignNode | undefined, key: string): ForeignEntry | undefined {
  return entriesOf(node).findLast((one) => one.key.toLowerCase() === key.toLowerCase());
}

export function findAccessControl(root: ForeignNode): ForeignEntry | undefined {
  return findInHttp(root, 'accessControl') ?? find(root, 'accessControl');
}

/** A section of `http`. */
export function findInHttp(root: ForeignNode, key: string): ForeignEntry | undefined {
  return find(find(root, 'http')?.value, key);
}

export function readAccessControl({ line, value: node }: ForeignEntry, report: Report): AccessControl {
  const repositories = find(node, 'repositories');
  const isOld = repositories === undefined;
  reportUnread(node, isOld ? OLD_SHAPE : SHAPE, 'accessControl', report);
  const patterns = isOld ? entriesOf(node).filter(({ key }) => !isSection(key)) : entriesOf(repositories.value);
  if (isOld && patterns.length > 0) {
    report(
      'note',
      line,
      'the patterns are directly in accessControl, as in zot 1; newer versions do not start with it',
    );
  }
  const metrics = find(node, 'metrics');
  if (metrics !== undefined) report('note', metrics.line, 'metrics: zot itself decides who may read its metrics');
  const groups = entriesOf(find(node, 'groups')?.value);
  return {
    repositories: patterns.map((one) => readRepositories(one, report)),
    admin: readAdmin(find(node, 'adminPolicy'), report),
    members: new Map(groups.map(({ key, value }) => [key, listOf(value, 'users')])),
  };
}

function isSection(key: string): boolean {
  return Object.keys(SECTIONS).some((section) => section.toLowerCase() === key.toLowerCase());
}

function readAdmin(admin: ForeignEntry | undefined, report: Report): ZotGrant | undefined {
  return admin === undefined || isConditional(admin.value, 'adminPolicy', report)
    ? undefined
    : readGrant(admin.value, admin.line);
}

function readRepositories({ key, line, value }: ForeignEntry, report: Report): ZotRepositories {
  const policies = itemsOf(find(value, 'policies')?.value).filter((item) => !isConditional(item, `"${key}"`, report));
  return {
    pattern: key,
    line,
    policies: policies.map((item) => readGrant(item, item.line)),
    defaultPolicy: listOf(value, 'defaultPolicy'),
    anonymousPolicy: listOf(value, 'anonymousPolicy'),
  };
}

/** A token is issued before the request to which a condition applies. */
function isConditional(policy: ForeignNode, where: string, report: Report): boolean {
  const conditions = find(policy, 'conditions');
  if (conditions === undefined || conditions.value.kind === 'null') return false;
  if (conditions.value.kind === 'list' && conditions.value.items.length === 0) return false;
  report('lost', conditions.line, `${where}: a policy with conditions; what it grants is not granted here`);
  return true;
}

function readGrant(node: ForeignNode, line: number): ZotGrant {
  return { line, users: listOf(node, 'users'), groups: listOf(node, 'groups'), actions: listOf(node, 'actions') };
}

/** zot reads a single text as a list of one. */
function listOf(node: ForeignNode, key: string): readonly string[] {
  const found = find(node, key)?.value;
  const one = textAt(found);
  return one === undefined ? textsOf(found) : [one];
}
