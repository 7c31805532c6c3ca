import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../src/config/load.ts';
import { groupName } from '../../../../src/core/groups.ts';
import { ANONYMOUS, username } from '../../../../src/core/identity.ts';
import type { Caller } from '../../../../src/core/identity.ts';
import { robotIdentity } from '../../../../src/core/robot.ts';
import { decide } from '../../../../src/core/policy/decide.ts';
import { problemsOf, writtenFiles } from '../written-files.ts';

const ALICE: Caller = {
  kind: 'user',
  identity: {
    username: username('alice@example.org'),
    groups: new Set(
      ['team:web', 'team:api', 'admins', 'cn=ops,dc=example'].map((group) => groupName(group, { lowercase: false })),
    ),
    backend: 'b',
    caseless: false,
    attributes: new Map([['attr:title', ['Engineer']]]),
  },
};

/** What alice is granted of a repository by one rule with these conditions, or by one for the catalog. */
async function granted(match: string, name: string, caller: Caller = ALICE): Promise<readonly string[]> {
  await using files = await writtenFiles({
    'policy.yaml': `evaluation: first-match
rules:
  - name: imported
    everyone: true
    match: ${match}
    repositories: ["**"]
    catalog: true
    allow: [pull]
`,
  });
  const { policy } = await loadPolicy(files.path('policy.yaml'));
  const asked =
    name === 'the catalog'
      ? { type: 'registry', name: 'catalog', actions: ['*'] }
      : { type: 'repository', name, actions: ['pull'] };
  return decide(policy, { caller, service: 'hub', client: '', time: 0 }, asked).granted;
}

describe('match of a rule', () => {
  it.each([
    ['{ account: "/@example\\\\.org$/" }', 'a'],
    ['{ account: "*" }', 'a'],
    ['{ name: "a/*" }', 'a/b'],
    ['{ service: "h?b", name: "/^a/" }', 'abc'],
    ['{ account: "/^(.+)@/", name: "${account:1}/*" }', 'alice/x'],
    ['{ name: "${labels:group:team}/*" }', 'api/x'],
    ['{ name: "${labels:group}/x" }', 'admins/x'],
    ['{ labels: { "group:team": "w*", "attr:title": "/^Eng/" } }', 'a'],
    ['{ labels: { group: admins } }', 'a'],
    ['{ name: catalog }', 'the catalog'],
  ])('%s holds for %s', async (match, name) => {
    expect(await granted(match, name)).toHaveLength(1);
  });

  it.each([
    ['{ account: "alice" }', 'a'],
    ['{ name: "a/*" }', 'a/b/c'],
    ['{ service: other }', 'a'],
    ['{ account: "/^(.+)@/", name: "${account:1}/*" }', 'bob/x'],
    ['{ name: "${labels:group:team}/*" }', 'ops/x'],
    ['{ name: "${labels:claim:team}/*" }', 'web/x'],
    ['{ labels: { "group:team": "w*", "attr:title": "/^Dr/" } }', 'a'],
    // A group’s DN is no name in which an expression could find text.
    ['{ labels: { group: "/ops/" } }', 'a'],
    ['{ name: a }', 'the catalog'],
  ])('%s does not hold for %s', async (match, name) => {
    expect(await granted(match, name)).toEqual([]);
  });

  it('knows anonymous by an empty name and without labels', async () => {
    expect(await granted('{ account: "" }', 'a', ANONYMOUS)).toEqual(['pull']);
    expect(await granted('{ account: "/.+/" }', 'a', ANONYMOUS)).toEqual([]);
    expect(await granted('{ labels: { group: "*" } }', 'a', ANONYMOUS)).toEqual([]);
  });
  it('takes a robot for somebody without an account: rules for any account are for users', async () => {
    const robot: Caller = { kind: 'user', identity: robotIdentity('web-ci') };

    expect(await granted('{ account: "/.+/" }', 'a', robot)).toEqual([]);
    expect(await granted('{ account: "robot:*" }', 'a', robot)).toEqual([]);
    expect(await granted('{ labels: { group: "*" } }', 'a', robot)).toEqual([]);
    expect(await granted('{ name: a }', 'a', robot)).toEqual(['pull']);
  });
});

describe('the schema of match', () => {
  const problems = async (rule: string, evaluation = 'first-match'): Promise<readonly string[]> => {
    const text = `evaluation: ${evaluation}\nrules:\n  - { name: r, everyone: true, repositories: [a], allow: [pull], match: ${rule} }\n`;
    await using files = await writtenFiles({ 'policy.yaml': text });
    return await problemsOf(files, () => loadPolicy(files.path('policy.yaml')));
  };

  it('is for imported policies only', async () => {
    expect(await problems('{ name: a }', 'union')).toEqual([
      'policy.yaml:3:73: rules.0.match: expected only with evaluation: first-match',
    ]);
  });

  it.each([
    ['{ name: "[" }', 'rules.0.match.name: expected a glob or a /regular expression/: this one is no glob'],
    [
      '{ name: "${account:1}" }',
      'rules.0.match.name: expected account to be an expression without placeholders and with 1 groups',
    ],
    [
      '{ account: "/(a)/", name: "${account:2}" }',
      'rules.0.match.name: expected account to be an expression without placeholders and with 2 groups',
    ],
    [
      '{ name: "${labels:team}" }',
      'rules.0.match.name: expected group, group:PREFIX, attr:NAME or claim:NAME after labels:',
    ],
    [
      '{ labels: { team: a } }',
      'rules.0.match.labels.team: expected group, group:PREFIX, attr:NAME or claim:NAME instead of team',
    ],
    ['{ labels: { group: "${labels:group}" } }', 'rules.0.match.labels.group: expected no label inside of labels'],
    ['{ repo: a }', 'rules.0.match.repo: unknown key, expected one of account, name, service, labels'],
  ])('says of %s: %s', async (rule, expected) => {
    const [found = ''] = await problems(rule);

    expect(found.replace(/^policy\.yaml:\d+:\d+: /, '').replace(/found "[^"]*", /, '')).toBe(expected);
  });
});
