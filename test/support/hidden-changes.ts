/** Pairs of ordinary policies that decide differently for few requests, which a search by samples misses. */
import type { Evaluation } from '../../src/core/policy/document.ts';
import type { Asker, RuleText } from './policy-builder.ts';

export interface HiddenChange {
  readonly title: string;
  readonly before: readonly RuleText[];
  readonly after: readonly RuleText[];
  readonly evaluation?: Evaluation;
  /** A request that the policies decide differently. */
  readonly asker: Asker;
  readonly scope: string;
}

const OWN: RuleText = { users: ['{name}'], repositories: ['{name}/**'], allow: ['pull', 'push'] };
const CI_WRITES: RuleText = { users: ['ci-web'], repositories: ['**'], allow: ['pull', 'push'] };
const ORG: RuleText = { groups: ['{org}-{team}'], repositories: ['{org}/**'], allow: ['pull'] };
const TEAM: RuleText = { groups: ['team-{t}'], repositories: ['{t}/**'], allow: ['pull'] };
const NOT_CI: RuleText = { users: ['*'], except: { users: ['ci-*'] }, repositories: ['**'], deny: ['push'] };
const NOT_BOTS: RuleText = { users: ['*'], except: { users: ['*-bot'] }, repositories: ['**'], deny: ['push'] };
const EVERYBODY_PUSHES: RuleText = { users: ['*'], repositories: ['**'], allow: ['push'] };

/** @param extra what is added to the rules of the policy */
function adds(rules: readonly RuleText[], ...extra: readonly RuleText[]) {
  return { before: rules, after: [...rules, ...extra] };
}

export const hiddenChanges: readonly HiddenChange[] = [
  {
    title: 'a captured user name that another rule denies by name',
    ...adds([OWN], { users: ['mallory'], repositories: ['**'], deny: ['push'] }),
    asker: { user: 'mallory' },
    scope: 'repository:mallory/x:push',
  },
  {
    title: 'a capture in a denial of a user who is named',
    ...adds([CI_WRITES], { users: ['ci-{team}'], repositories: ['{team}/**'], deny: ['push'] }),
    asker: { user: 'ci-web' },
    scope: 'repository:web/x:push',
  },
  {
    title: 'a captured user name that fits a pattern of another rule',
    ...adds([{ ...CI_WRITES, users: ['ci-*'] }], { users: ['{name}'], repositories: ['{name}/**'], deny: ['push'] }),
    asker: { user: 'ci-a' },
    scope: 'repository:ci-a/x:push',
  },
  {
    title: 'a user who must fit the patterns of two exceptions',
    before: [EVERYBODY_PUSHES, NOT_CI, NOT_BOTS],
    after: [NOT_CI, NOT_BOTS],
    asker: { user: 'ci-x-bot' },
    scope: 'repository:x:push',
  },
  {
    title: 'a group name that two patterns divide differently',
    ...adds([ORG], { groups: ['{t}-dev'], repositories: ['{t}/**'], allow: ['pull'] }),
    asker: { user: 'x', groups: ['web-shop-dev'] },
    scope: 'repository:web-shop/x:pull',
  },
  {
    title: '{group} inside a segment, with a pattern for the group',
    ...adds([{ users: ['*'], repositories: ['*-web/**'], allow: ['push'] }], {
      groups: ['team-*'],
      repositories: ['x-{group}/**'],
      deny: ['push'],
    }),
    asker: { user: 'u', groups: ['team-web'] },
    scope: 'repository:x-team-web/x:push',
  },
  {
    title: 'a capture and {group} of one group name',
    ...adds([{ users: ['*'], repositories: ['web/*'], allow: ['push'] }], {
      groups: ['team-{t}'],
      repositories: ['{t}/{group}'],
      deny: ['push'],
    }),
    asker: { user: 'u', groups: ['team-web'] },
    scope: 'repository:web/team-web:push',
  },
  {
    title: 'group names that differ in case',
    before: [TEAM, { groups: ['team-web'], repositories: ['web/**'], deny: ['pull'] }],
    after: [TEAM, { groups: ['team-*'], repositories: ['web/**'], deny: ['pull'] }],
    asker: { user: 'x', groups: ['team-WEB'] },
    scope: 'repository:web/x:pull',
  },
  {
    title: 'a user whose name other rules deny in each other spelling',
    before: [
      { users: ['{name}'], repositories: ['{name}/**'], allow: ['pull'] },
      { users: ['A*', '*E', 'alice'], repositories: ['alice/**'], deny: ['pull'] },
    ],
    after: [
      { users: ['{name}'], repositories: ['{name}/**'], allow: ['pull'] },
      { users: ['A*', '*E', 'alice', '*'], repositories: ['alice/**'], deny: ['pull'] },
    ],
    asker: { user: 'aLiCe' },
    scope: 'repository:alice/x:pull',
  },
  {
    title: 'a * that stands for nothing, where a capture does not',
    before: [{ users: ['*-bot'], repositories: ['**'], allow: ['pull'] }],
    after: [{ users: ['{t}-bot'], repositories: ['**'], allow: ['pull'] }],
    asker: { user: '-bot' },
    scope: 'repository:x:pull',
  },
  {
    title: 'two groups of which one is the captured value of the other',
    ...adds([{ ...TEAM, repositories: ['{t}'] }], { groups: ['team-*'], repositories: ['{group}'], deny: ['pull'] }),
    asker: { user: 'u', groups: ['team-team-k', 'team-k'] },
    scope: 'repository:team-k:pull',
  },
  {
    title: 'two captures of one value, which a third pattern divides',
    ...adds(
      [
        { groups: ['{t}-web'], repositories: ['{t}'], allow: ['pull'] },
        { groups: ['{o}-{t}'], repositories: ['{o}'], deny: ['pull'] },
      ],
      { groups: ['{t}-web'], repositories: ['{t}'], deny: ['pull'] },
    ),
    asker: { user: 'u', groups: ['ci-bot-web'] },
    scope: 'repository:ci-bot:pull',
  },
  {
    title: '{group} with the value of a capture in it, where another rule captures the whole name',
    ...adds([{ groups: ['{o}-{t}'], repositories: ['{t}/{group}'], allow: ['pull'] }], {
      groups: ['{t}'],
      repositories: ['web/{t}'],
      deny: ['pull'],
    }),
    asker: { user: 'u', groups: ['a-web'] },
    scope: 'repository:web/a-web:pull',
  },
  {
    title: 'a captured user name with first-match evaluation',
    before: [{ users: ['ci-*'], repositories: ['*'], allow: ['pull'] }],
    after: [
      { users: ['{t}'], repositories: ['{t}'], deny: ['pull'] },
      { users: ['ci-*'], repositories: ['*'], allow: ['pull'] },
    ],
    evaluation: 'first-match',
    asker: { user: 'ci-q' },
    scope: 'repository:ci-q:pull',
  },
];
