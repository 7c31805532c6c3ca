/** The access control of zot, and a plain second opinion on it. */
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { importZot } from '../../../src/migrate/zot/index.ts';
import { findingLine } from '../../../src/migrate/finding.ts';
import { writeNewFiles } from '../../../src/migrate/new-files.ts';
import { loadPolicy } from '../../../src/config/load.ts';
import { decide } from '../../../src/core/policy/decide.ts';
import { imaginedCaller } from '../../../src/core/policy/policy-test.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { problemsOf, writtenFiles } from '../config/written-files.ts';

interface Grant {
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly actions: readonly string[];
}
interface AccessControl {
  readonly groups?: Readonly<Record<string, { readonly users: readonly string[] }>>;
  readonly repositories: Readonly<
    Record<
      string,
      {
        readonly policies?: readonly Grant[];
        readonly defaultPolicy?: readonly string[];
        readonly anonymousPolicy?: readonly string[];
      }
    >
  >;
  readonly adminPolicy?: Grant;
}

async function imported(
  accessControl: unknown,
): Promise<{ readonly policy: Policy; readonly report: readonly string[]; readonly text: string }> {
  await using files = await writtenFiles({ 'zot.json': JSON.stringify({ http: { accessControl } }, undefined, 1) });
  const { files: made, findings } = await importZot(files.path('zot.json'));
  await writeNewFiles(files.path('out'), made);
  const { policy } = await loadPolicy(files.path('out/policy.yaml'));
  const report = findings.map((finding) => findingLine(finding).replaceAll(`${files.folder}/`, ''));
  const ofFile = report.filter((line) => !line.includes(': note: ') && !line.includes('deduplication'));
  return { policy, report: ofFile, text: made[0]?.text ?? '' };
}

interface Asking {
  readonly user: string | undefined;
  readonly groups: readonly string[];
}

function granted(policy: Policy, { user, groups }: Asking, name: string): readonly string[] {
  const situation = { caller: imaginedCaller(user, groups), service: 's', client: '', time: 0 };
  return decide(policy, situation, { type: 'repository', name, actions: ['pull', 'push', 'delete'] }).granted;
}

/** The patterns that are tried, longest first, each with the names that zot’s globs match with it. */
const PATTERNS: readonly (readonly [string, RegExp])[] = [
  ['infra/{x,y?}/**', /^infra\/(?:x|y[^/])(?:\/.*)?$/],
  ['infra/*/tools', /^infra\/[^/]+\/tools$/],
  ['infra/[a-m]*', /^infra\/[a-m][^/]*$/],
  ['infra/**', /^infra(?:\/.*)?$/],
  ['infra/*', /^infra\/[^/]*$/],
  ['**', /^.*$/],
];

/** As zot decides: the longest pattern alone, everything that names the user in it together, and the administrators. */
function secondOpinion(control: AccessControl, { user, groups }: Asking, name: string): readonly string[] {
  const pattern = PATTERNS.find(([text, regex]) => control.repositories[text] !== undefined && regex.test(name))?.[0];
  const own = Object.entries(control.groups ?? {}).flatMap(([group, { users }]) =>
    user !== undefined && users.includes(user) ? [group] : [],
  );
  const isNamed = (grant: Grant): boolean =>
    user !== undefined &&
    ((grant.users ?? []).includes(user) ||
      (grant.groups ?? []).some((group) => groups.includes(group) || own.includes(group)));
  const { policies = [], defaultPolicy = [], anonymousPolicy = [] } = control.repositories[pattern ?? ''] ?? {};
  const actions = new Set([
    ...policies.filter(isNamed).flatMap((grant) => grant.actions),
    ...(user === undefined ? anonymousPolicy : defaultPolicy),
    ...(control.adminPolicy !== undefined && isNamed(control.adminPolicy) ? control.adminPolicy.actions : []),
  ]);
  return [
    ...(actions.has('read') ? ['pull'] : []),
    ...(actions.has('create') && actions.has('update') ? ['push'] : []),
    ...(actions.has('delete') ? ['delete'] : []),
  ];
}

const actions = fc.constantFrom(
  [],
  ['read'],
  ['create', 'update'],
  ['read', 'create', 'update'],
  ['read', 'delete'],
  ['read', 'create', 'update', 'delete'],
);
const users = fc.subarray(['alice', 'bob', 'carol']);
const groups = fc.subarray(['dev', 'ops']);
const grant = fc.record({ users, groups, actions });
const policies = fc.record({
  policies: fc.array(grant, { maxLength: 3 }),
  defaultPolicy: actions,
  anonymousPolicy: actions,
});
const control: fc.Arbitrary<AccessControl> = fc.record({
  groups: fc.constantFrom({}, { dev: { users: ['carol'] } }),
  repositories: fc
    .array(fc.tuple(fc.constantFrom(...PATTERNS.map(([text]) => text)), policies), { minLength: 1, maxLength: 5 })
    .map((entries) => Object.fromEntries(entries)),
  adminPolicy: grant,
});

describe('importZot', () => {
  it('makes a policy that decides as zot does', async () => {
    const names = [
      'a',
      'infra',
      'infra/a',
      'infra/z',
      'infra/x',
      'infra/yz/q',
      'infra/a/tools',
      'infra/x/tools',
      'infra/q/r',
    ];
    const everybody: readonly Asking[] = [
      { user: undefined, groups: [] },
      ...['alice', 'bob', 'carol', 'dave'].flatMap((user) =>
        [[], ['dev'], ['ops'], ['dev', 'ops']].map((held) => ({ user, groups: held })),
      ),
    ];

    await fc.assert(
      fc.asyncProperty(control, async (accessControl) => {
        const { policy, report } = await imported(accessControl);
        fc.pre(!report.join().includes('not converted'));
        for (const asking of everybody) {
          for (const name of names) {
            expect({ asking, name, granted: granted(policy, asking, name) }).toEqual({
              asking,
              name,
              granted: secondOpinion(accessControl, asking, name),
            });
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('reports what a token cannot express, and does not grant it', async () => {
    const { policy, report } = await imported({
      repositories: {
        '**': {
          policies: [
            { users: ['ci'], actions: ['create'] },
            { users: ['bob'], actions: ['read'], conditions: [{ expression: 'req.tag != "x"' }] },
          ],
        },
        '{a,{b,c}}/**': { defaultPolicy: ['read'] },
      },
    });

    expect(report).toEqual([
      expect.stringContaining('not converted: "**": a policy with conditions'),
      expect.stringContaining('not converted: a policy: create without update'),
    ]);
    expect(granted(policy, { user: 'ci', groups: [] }, 'x')).toEqual([]);
    expect(granted(policy, { user: 'bob', groups: [] }, 'x')).toEqual([]);
    expect(granted(policy, { user: 'bob', groups: [] }, 'c/x')).toEqual(['pull']);
  });

  it('reports patterns between which zot chooses at random', async () => {
    const { report } = await imported({ repositories: { 'a/*': {}, '*/b': {} } });

    expect(report).toEqual([expect.stringContaining('"*/b" is as long as "a/*"')]);
  });

  it('refuses a configuration without access control', async () => {
    await using files = await writtenFiles({ 'zot.json': '{"http":{}}' });

    const problems = await problemsOf(files, () => importZot(files.path('zot.json')));

    expect(problems).toEqual([expect.stringContaining('found no http.accessControl')]);
  });
});

describe('a key that importZot does not read', () => {
  it.each<[string, unknown, string]>([
    [
      'a section',
      { repositories: {}, futurePolicy: {} },
      'zot.json:5: not converted: accessControl.futurePolicy: this importer',
    ],
    [
      'a key of a pattern',
      { repositories: { a: { futurePolicy: ['read'] } } },
      'accessControl.repositories.a.futurePolicy',
    ],
    ['a key of a policy', { repositories: { a: { policies: [{ roles: ['x'] }] } } }, 'repositories.a.policies.roles'],
    ['a key of adminPolicy', { repositories: {}, adminPolicy: { roles: ['x'] } }, 'accessControl.adminPolicy.roles'],
    ['a key of a group', { repositories: {}, groups: { dev: { members: ['x'] } } }, 'accessControl.groups.dev.members'],
    [
      'a list in place of a mapping',
      { repositories: ['a'] },
      'accessControl.repositories: found a list, expected a mapping',
    ],
    ['a mapping in a list', { repositories: { a: { defaultPolicy: [{ x: 1 }] } } }, 'defaultPolicy: found a mapping'],
    [
      'an action',
      { repositories: { a: { defaultPolicy: ['detectManifestCollision'] } } },
      'the action "detectManifestCollision"',
    ],
    [
      'conditions of adminPolicy',
      { repositories: {}, adminPolicy: { users: ['a'], actions: ['read'], conditions: [{}] } },
      'adminPolicy: a policy with conditions',
    ],
  ])('is reported with its line: %s', async (_what, accessControl, expected) => {
    const { report } = await imported(accessControl);

    expect(report).toEqual([expect.stringContaining(expected)]);
    expect(report[0]).toMatch(/^zot\.json:\d+: not converted: /);
  });

  it('grants nothing by an adminPolicy with conditions', async () => {
    const admin = { users: ['root'], actions: ['read', 'create', 'update', 'delete'] };
    const conditional = await imported({
      repositories: {},
      adminPolicy: { ...admin, conditions: [{ expression: 'x' }] },
    });
    const plain = await imported({ repositories: {}, adminPolicy: admin });

    expect([conditional, plain].map(({ policy }) => granted(policy, { user: 'root', groups: [] }, 'a').length)).toEqual(
      [0, 3],
    );
  });

  it.each(['${TEAM}/**', '{{ .Values.team }}/**'])(
    'is refused when it is a placeholder of a template: %s',
    async (pattern) => {
      const text = JSON.stringify({ http: { accessControl: { repositories: { [pattern]: {} } } } });
      await using files = await writtenFiles({ 'zot.json': text });

      const problems = await problemsOf(files, () => importZot(files.path('zot.json')));

      expect(problems).toEqual([expect.stringContaining('fill them in first')]);
    },
  );
});

describe('the layout of zot 1, with patterns directly in accessControl', () => {
  it('is converted', async () => {
    const { policy, report } = await imported({
      '**': { policies: [{ users: ['charlie'], actions: ['read', 'create', 'update'] }], defaultPolicy: ['read'] },
      'tmp/**': { defaultPolicy: ['read', 'create', 'update'] },
      adminPolicy: { users: ['admin'], actions: ['read', 'create', 'update', 'delete'] },
    });
    const actionsOf = (user: string, name: string) => granted(policy, { user, groups: [] }, name);

    expect(report).toEqual([]);
    expect(actionsOf('charlie', 'a/b')).toEqual(['pull', 'push']);
    expect(actionsOf('dave', 'a/b')).toEqual(['pull']);
    expect(actionsOf('dave', 'tmp/b')).toEqual(['pull', 'push']);
    expect(actionsOf('admin', 'tmp/b')).toEqual(['pull', 'push', 'delete']);
  });

  it('is not mixed with the newer one: zot does not start with both', async () => {
    const { policy, report } = await imported({ repositories: {}, '**': { defaultPolicy: ['read'] } });

    expect(report).toEqual([expect.stringContaining('accessControl.**: this importer does not know the key')]);
    expect(granted(policy, { user: 'dave', groups: [] }, 'a')).toEqual([]);
  });
});

describe('a pattern with ${username}', () => {
  const own = { defaultPolicy: ['read', 'create', 'update'] };

  // The cases of zot's own test of user namespaces.
  it.each([
    ['laurivosandi', 'laurivosandi/app', true],
    ['laurivosandi', 'laurivosandi/team/app', true],
    ['alice', 'alice/app', true],
    ['alice.smith', 'alice.smith/app', true],
    ['alice', 'laurivosandi/app', false],
    ['laurivosandi', 'laurivosandi-other/app', false],
    [undefined, 'laurivosandi/app', false],
    ['*', 'laurivosandi/app', false],
    ['{alice,laurivosandi}', 'laurivosandi/app', false],
    ['laurivosandi/team', 'laurivosandi/team/app', false],
    ['alice:smith', 'alice:smith/app', false],
    ['reserved', 'reserved/app', false],
    ['laurivosandi', 'laurivosandi/private/app', false],
  ])('decides for the user %s about %s as zot does', async (user, name, isAllowed) => {
    const { policy, report } = await imported({
      repositories: { '${username}/**': own, 'reserved/**': {}, 'laurivosandi/private/**': {} },
    });

    expect(report).toEqual([expect.stringContaining('differs: "${username}/**": {user} is in lower case')]);
    expect(granted(policy, { user, groups: [] }, name)).toEqual(isAllowed ? ['pull', 'push'] : []);
  });

  it('decides before shorter patterns, which decide about the repositories of others', async () => {
    const { policy } = await imported({ repositories: { '**': { defaultPolicy: ['read'] }, '${username}/**': own } });

    expect(granted(policy, { user: 'alice', groups: [] }, 'alice/app')).toEqual(['pull', 'push']);
    expect(granted(policy, { user: 'alice', groups: [] }, 'bob/app')).toEqual(['pull']);
  });

  it('is reported when the length of the user name decides which pattern is the longest', async () => {
    const { report } = await imported({ repositories: { 'team-*/**': {}, '${username}/**': own } });

    expect(report[0]).toMatch(/not converted: "\$\{username\}\/\*\*": whether it is longer than "team-\*\/\*\*"/);
  });

  it.each(['[${username}]/**', 'u-${username}/**'])(
    'is not converted when it is not a whole segment: %s',
    async (pattern) => {
      const { report } = await imported({ repositories: { [pattern]: own } });

      expect(report).toEqual([expect.stringContaining('cannot be converted; shorter patterns decide')]);
    },
  );
});

describe('the missing check of zot between repositories', () => {
  async function hasTrap(storage: unknown): Promise<boolean> {
    const text = JSON.stringify({ storage, http: { accessControl: { repositories: {} } } });
    await using files = await writtenFiles({ 'zot.json': text });
    const { findings } = await importZot(files.path('zot.json'));
    return findings.some(({ kind, message }) => kind === 'trap' && message.includes('"dedupe": false'));
  }

  it.each([
    [undefined, true],
    [{ dedupe: true }, true],
    [{ dedupe: false }, false],
    [{ dedupe: false, subPaths: { '/a': {} } }, true],
    [{ dedupe: false, subPaths: { '/a': { dedupe: false } } }, false],
  ])('is reported for the storage %j: %s', async (storage, isReported) => {
    expect(await hasTrap(storage)).toBe(isReported);
  });
});
