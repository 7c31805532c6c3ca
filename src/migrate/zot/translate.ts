/**
 * Translates the access control of zot to a policy with first-match evaluation.
 *
 * In zot the longest pattern that matches a repository decides alone. So longer patterns come first, and each ends with a
 * deny rule. Within a pattern, zot grants the union of all entries that name a user, so users in two entries come first.
 */
import { canonicalDn } from '../../core/groups.ts';
import { quoteMeta } from '../../config/match/go-glob.ts';
import type { Report } from '../finding.ts';
import type { RuleDraft } from '../rule-draft.ts';
import type { AccessControl, ZotRepositories } from './access-control.ts';
import { inOrder, USERNAME } from './order.ts';
import { readPathPattern } from './path-pattern.ts';

type Action = 'pull' | 'push' | 'delete';

interface Holders {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly actions: readonly Action[];
}

type Draft = Omit<RuleDraft, 'name' | 'line'>;

const ZOT_ACTIONS = new Set(['read', 'create', 'update', 'delete']);
const ALL: readonly Action[] = ['pull', 'push', 'delete'];

export function translateAccessControl(control: AccessControl, report: Report): readonly RuleDraft[] {
  const admin = control.admin === undefined ? undefined : holdersOf({ ...control.admin, control, report });
  const rulesAll = admin !== undefined && admin.actions.length === ALL.length;
  const ordered = inOrder(control.repositories, report);
  const drafts: RuleDraft[] = [];
  const line = control.admin?.line ?? 1;
  const admins = {
    name: 'adminPolicy',
    line,
    ...whoOf(admin),
    repositories: ['**'],
    allow: [...(admin?.actions ?? [])],
  };
  const isUseful = admin !== undefined && admin.actions.length > 0 && admin.users.length + admin.groups.length > 0;
  if (isUseful && rulesAll) drafts.push(admins);
  for (const repositories of ordered) {
    drafts.push(...draftsOf(repositories, control, isUseful && !rulesAll ? admin : undefined, report));
  }
  if (isUseful && !rulesAll) drafts.push(admins);
  return drafts;
}

function draftsOf(
  repositories: ZotRepositories,
  control: AccessControl,
  admin: Holders | undefined,
  report: Report,
): readonly RuleDraft[] {
  const { pattern, line } = repositories;
  const path = readPathPattern(pattern);
  if (path.kind === 'malformed') {
    report('lost', line, `"${pattern}" cannot be converted; shorter patterns decide about its repositories`);
    return [];
  }
  const where: Draft =
    path.kind === 'plain'
      ? { repositories: path.repositories }
      : { match: { name: `/${path.source}/` }, repositories: ['**'] };
  const logged = actionsOf(repositories.defaultPolicy, line, `"${pattern}" defaultPolicy`, report);
  // Anonymous has no user name, so that the pattern matches nothing.
  const isOwn = pattern.includes(USERNAME);
  const anonymous = isOwn ? [] : actionsOf(repositories.anonymousPolicy, line, `"${pattern}" anonymousPolicy`, report);
  if (isOwn) reportOwn(pattern, line, report);
  const policies = repositories.policies.map((policy) => holdersOf({ ...policy, control, report }));
  const holders = merged([...policies, ...(admin === undefined ? [] : [admin])], logged);
  const named = withBoth(holders, pattern, line, report).map((draft) => joinedWith(where, draft));
  const drafts: readonly Draft[] = [
    ...named,
    ...(logged.length === 0 ? [] : [{ ...where, users: ['*'], allow: logged }]),
    ...(anonymous.length === 0
      ? []
      : [{ ...where, everyone: true as const, except: { users: ['*'] }, allow: anonymous }]),
    { ...where, ...(isOwn ? { users: ['*'] } : { everyone: true as const }), deny: ['*'] },
  ];
  return drafts.map((draft, index) => ({ name: `${pattern} (${index + 1})`, line, ...inReadingOrder(draft) }));
}

function reportOwn(pattern: string, line: number, report: Report): void {
  report(
    'differs',
    line,
    `"${pattern}": {user} is in lower case, so the user Alice has the repositories of alice; in zot Alice has none`,
  );
}

function joinedWith(where: Draft, draft: Draft): Draft {
  const match = { ...where.match, ...draft.match };
  return { ...where, ...draft, ...(Object.keys(match).length === 0 ? {} : { match }) };
}

function inReadingOrder({ users, groups, everyone, except, match, repositories, allow, deny }: Draft): Draft {
  return {
    ...(users === undefined ? {} : { users }),
    ...(groups === undefined ? {} : { groups }),
    ...(everyone === undefined ? {} : { everyone }),
    ...(except === undefined ? {} : { except }),
    ...(match === undefined ? {} : { match }),
    ...(repositories === undefined ? {} : { repositories }),
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
  };
}

interface Named {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly actions: readonly string[];
  readonly line: number;
  readonly control: AccessControl;
  readonly report: Report;
}

/** The members of a group that the file defines are listed as users, because no backend delivers the group. */
function holdersOf({ users, groups, actions, line, control, report }: Named): Holders {
  const members = groups.flatMap((group) => control.members.get(group) ?? []);
  const converted = (kind: string, names: readonly string[]): readonly string[] => {
    const odd = names.filter((name) => name === '' || /[*{}]/.test(name));
    for (const name of odd) report('lost', line, `the ${kind} "${name}", whose name would be a pattern in the policy`);
    return [...new Set(names.filter((name) => !odd.includes(name)))];
  };
  return {
    users: converted('user', [...users, ...members]),
    groups: converted('group', groups),
    actions: actionsOf(actions, line, 'a policy', report),
  };
}

/** A token knows `push` and no tags, so `create` and `update` both become `push`. */
function actionsOf(actions: readonly string[], line: number, what: string, report: Report): readonly Action[] {
  const has = (action: string): boolean => actions.includes(action);
  for (const action of new Set(actions)) {
    if (!ZOT_ACTIONS.has(action)) report('lost', line, `${what}: the action "${action}"; tokens have no such action`);
  }
  if (has('create') !== has('update')) {
    const [one, other] = has('create') ? ['create', 'update'] : ['update', 'create'];
    report('lost', line, `${what}: ${one} without ${other}; a token has push for both, so push is not granted`);
  }
  return ALL.filter((action) =>
    action === 'push' ? has('create') && has('update') : has(action === 'pull' ? 'read' : action),
  );
}

/** Users and groups also have the actions of all authenticated users. Entries with equal actions are merged. */
function merged(holders: readonly Holders[], logged: readonly Action[]): readonly Holders[] {
  const byActions = new Map<string, Holders>();
  for (const { users, groups, actions } of holders) {
    const all = ALL.filter((action) => actions.includes(action) || logged.includes(action));
    const before = byActions.get(all.join()) ?? { users: [], groups: [], actions: all };
    const together = {
      users: [...new Set([...before.users, ...users])],
      groups: [...new Set([...before.groups, ...groups])],
      actions: all,
    };
    if (together.users.length + together.groups.length > 0) byActions.set(all.join(), together);
  }
  return [...byActions.values()];
}

/** Entries with most actions first. A combination of two entries comes first if neither includes the other. */
function withBoth(holders: readonly Holders[], pattern: string, line: number, report: Report): readonly Draft[] {
  const pairs = holders.flatMap((one, index) =>
    holders
      .slice(index + 1)
      .flatMap((other) => (isWithin(one, other) || isWithin(other, one) ? [] : [[one, other] as const])),
  );
  if (pairs.length >= 3 && holders.filter(({ actions }) => actions.length === 1).length === 3) {
    report(
      'lost',
      line,
      `"${pattern}": a user with separate entries for pull, push and delete has only two of them in the policy`,
    );
  }
  const dns = pairs.flatMap(([, { groups }]) => groups.filter((group) => canonicalDn(group) !== undefined));
  if (dns.length > 0) {
    report('lost', line, `"${pattern}": a user in ${dns[0]} and in another list gets only what one of them grants`);
  }
  const both = pairs.flatMap(([one, other]) => draftsOfBoth(one, other));
  const single = holders.map((one): Draft => ({ ...whoOf(one), allow: one.actions }));
  return [...both, ...single]
    .filter(({ allow = [] }) => allow.length > 0)
    .toSorted((a, b) => (b.allow?.length ?? 0) - (a.allow?.length ?? 0));
}

function isWithin(one: Holders, other: Holders): boolean {
  return one.actions.every((action) => other.actions.includes(action));
}

function draftsOfBoth(one: Holders, other: Holders): readonly Draft[] {
  const allow = ALL.filter((action) => one.actions.includes(action) || other.actions.includes(action));
  const plain = other.groups.filter((group) => canonicalDn(group) === undefined);
  return [
    ...anyOf(other.users).map((account): Draft => ({ ...whoOf(one), match: { account }, allow })),
    ...anyOf(plain).map((group): Draft => ({ ...whoOf(one), match: { labels: { group } }, allow })),
  ];
}

const LONGEST = 3000;

/** Regular expressions for any of the names; several if one would be too long. */
function anyOf(names: readonly string[]): readonly string[] {
  const lists: string[] = [];
  for (const name of names.map(quoteMeta)) {
    const last = lists.at(-1);
    if (last === undefined || last.length + name.length > LONGEST) lists.push(name);
    else lists[lists.length - 1] = `${last}|${name}`;
  }
  return lists.map((list) => `/^(?:${list})$/`);
}

function whoOf(holders: Pick<Holders, 'users' | 'groups'> | undefined): Draft {
  const { users = [], groups = [] } = holders ?? {};
  return { ...(users.length === 0 ? {} : { users }), ...(groups.length === 0 ? {} : { groups }) };
}
