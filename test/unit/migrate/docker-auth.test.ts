/** What an import of docker_auth converts, what it reports, and what it never overwrites. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { importDockerAuth } from '../../../src/migrate/docker-auth/index.ts';
import { writeNewFiles } from '../../../src/migrate/new-files.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { problemsOf, writtenFiles } from '../config/written-files.ts';
import { callerWith, configuration, grantedBy, HASH, imported } from './imported.ts';

const HEAD = "server: { addr: '127.0.0.1:5001' }\ntoken: { issuer: test }\n";
const reportOf = async (text: string): Promise<readonly string[]> => {
  await using made = await imported(`${HEAD}${text}`);
  return made.lines;
};
const rulesOf = async (text: string): Promise<string> => {
  await using made = await imported(`${HEAD}${text}`);
  return made.text('policy.yaml').replace(/^[^]*?rules:\n/, '');
};

describe('a rule that cannot be converted', () => {
  const acl = [
    {
      match: { account: 'bob', name: '${labels:a}-${labels:b}-${labels:c}-${labels:d}-${labels:e}' },
      actions: ['pull'],
    },
    { match: {}, actions: ['*'] },
  ];

  it('denies what its other conditions match, so that later rules do not grant it', async () => {
    await using made = await imported(configuration(acl, { bob: {}, alice: {} }));

    const asked = { type: 'repository', name: 'x', service: 'registry', ip: '', actions: ['pull'] };
    expect(grantedBy(made.policy, callerWith('bob', {}), { ...asked, account: 'bob' })).toEqual([]);
    expect(grantedBy(made.policy, callerWith('alice', {}), { ...asked, account: 'alice' })).toEqual(['pull']);
    expect(made.lines[0]).toMatch(/not converted: rule 1: name: .* has more than 4 labels/);
  });
});

describe('a pattern that is a regular expression for an empty name only', () => {
  it('is not converted and reported, because docker_auth grants more to anonymous than the pattern says', async () => {
    const acl = [{ match: { name: '${account}/web/${account}' }, actions: ['*'] }];
    await using made = await imported(configuration(acl, { alice: {} }));

    expect(made.lines[0]).toContain('is a regular expression for anonymous, whose name is empty');
  });

  it('is converted where the rule is not for anonymous', async () => {
    const acl = [{ match: { account: 'alice', name: '${account}/web/${account}' }, actions: ['pull'] }];
    await using made = await imported(configuration(acl, { alice: {} }));

    const asked = {
      account: 'alice',
      type: 'repository',
      name: 'alice/web/alice',
      service: 'x',
      ip: '',
      actions: ['pull'],
    };
    expect(grantedBy(made.policy, callerWith('alice', {}), asked)).toEqual(['pull']);
    expect(made.lines.join()).not.toContain('for anonymous, whose name is empty');
  });
});

describe('labels', () => {
  it('of a directory with whole DNs become a group for one DN, and nothing else', async () => {
    const ldap = `ldap_auth:
  addr: ldap.example.com:636
  base: ou=people,dc=example,dc=com
  filter: (sAMAccountName=\${account})
  labels: { groups: { attribute: memberOf } }
acl:
  - { match: { labels: { groups: 'CN=Web,OU=Groups,DC=example,DC=com' } }, actions: [pull] }
`;

    expect(await rulesOf(ldap)).toContain(
      'groups: [CN=Web,OU=Groups,DC=example,DC=com]'.replace('[CN', "['CN").replace(']', "']"),
    );
    const report = await reportOf(ldap.replace("'CN=Web,OU=Groups,DC=example,DC=com'", "'*'"));
    expect(report.join('\n')).toContain('not converted: rule 1: the label groups has whole DNs (no parse_cn)');
  });

  it('of two sources become a rule for each source', async () => {
    const rules = await rulesOf(`users:
  alice: { password: '${HASH}', labels: { team: [web] } }
ldap_auth:
  addr: ldap.example.com:636
  base: dc=example,dc=com
  filter: (uid=\${account})
  labels: { team: { attribute: memberOf, parse_cn: true } }
acl:
  - { match: { labels: { team: web } }, actions: [pull] }
`);

    expect(rules).toContain("groups: ['team:web']".replaceAll("'", ''));
    expect(rules).toContain('groups: [web]');
  });

  it('of OpenID become claims', async () => {
    const rules = await rulesOf(`oidc_auth:
  issuer: https://id.example.com
  client_id: registry
  labels_claims: [groups, teams]
acl:
  - { match: { labels: { teams: web }, name: '\${labels:groups}/*' }, actions: [pull] }
`);

    expect(rules).toContain('name: ${labels:claim:groups}/*');
    expect(rules).toContain('claim:teams: web');
  });
});

describe('a name in ${account}', () => {
  it.each([
    ['alice', "repositories: ['{user}/*']"],
    // Lower-cased, as {user} is, Bob would have the namespace of bob.
    ['Bob', 'name: ${account}/*'],
    ['team/bob', 'name: ${account}/*'],
  ])('of the user %s becomes %s', async (user, expected) => {
    const rules = await rulesOf(`users: { ${user}: { password: '${HASH}' } }
acl: [{ match: { account: '/.+/', name: '\${account}/*' }, actions: [pull] }]
`);

    expect(rules).toContain(expected);
  });
});

describe('a configuration with which docker_auth does not start', () => {
  it.each([
    ["{ match: { account: '/(/' }, actions: [] }", 'is no RE2 expression'],
    ['{ match: { ip: 10.0.0.0/33 }, actions: [] }', 'expected a prefix of at most 32 bits'],
    ['{ actions: [] }', 'found no match'],
  ])('is refused: %s', async (rule, expected) => {
    await using files = await writtenFiles({ 'auth.yml': `${HEAD}acl:\n  - ${rule}\n` });

    const problems = await problemsOf(files, () =>
      importDockerAuth(files.path('auth.yml'), { services: [], publicUrl: undefined }),
    );

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^auth\.yml:4:1: acl\.0: /);
    expect(problems[0]).toContain(expected);
  });
});

describe('a file that is read as docker_auth reads it', () => {
  it('may have anchors, merge keys, and scalars of any type in the place of text', async () => {
    const rules = await rulesOf(`acl:
  - match: &base { account: 007, name: yes }
    actions: &all ['*']
  - match: { <<: *base, name: no }
    actions: *all
`);

    expect(rules).toContain("users: ['007']");
    expect(rules).toContain("repositories: ['yes']".replaceAll("'", ''));
    expect(rules).toContain('repositories: [no]');
  });

  it('uses the last of two equal keys, and reports it', async () => {
    const report = await reportOf('acl: []\nacl:\n  - { match: { account: a, account: b }, actions: [pull] }\n');

    expect(report).toContain('auth.yml:4: trap: acl: is here a second time; the last one counts');
    expect(report).toContain('auth.yml:5: trap: account: is here a second time; the last one counts');
  });

  it('quotes no part of a password without a space before it', async () => {
    const report = (await reportOf('users: { alice: {password:"hunter2"} }\nacl: []\n')).join('\n');

    expect(report).toContain('users.password: docker_auth does not know this key');
    expect(report).toContain('a space is missing after the colon');
    expect(report).not.toContain('hunter2');
  });
});

describe('the broker.yaml of an import', () => {
  it('allows anonymous requests exactly where docker_auth does', async () => {
    await using open = await imported(`${HEAD}users: { '': {} }\nacl: []\n`);
    await using closed = await imported(`${HEAD}users: { alice: { password: '${HASH}' } }\nacl: []\n`);

    const anonymousOf = async ({ files }: typeof open) =>
      (await loadBroker(files.path('out/broker.yaml'))).config.services['registry']?.anonymous;
    expect(await anonymousOf(open)).toBe('allow');
    expect(await anonymousOf(closed)).toBe('deny');
  });

  it('binds users with their own DN where docker_auth does', async () => {
    await using made = await imported(`${HEAD}ldap_auth:
  addr: ldap.example.com:389
  tls: none
  initial_bind_as_user: true
  bind_dn: uid=\${account},ou=people,dc=example,dc=com
acl: []
`);

    const { config } = await loadBroker(made.files.path('out/broker.yaml'));

    expect(config.backends[0]).toMatchObject({
      type: 'ldap',
      tls: { mode: 'none' },
      users: { template: expect.anything() },
    });
  });

  it('serves the registries that the rules name, and those of --service', async () => {
    await using made = await imported(`${HEAD}acl: [{ match: { service: hub.example.com }, actions: [] }]\n`, {}, [
      'other.example.com',
    ]);

    expect(made.result.services).toEqual(['other.example.com', 'hub.example.com']);
  });

  it('has a placeholder where no service is known, and reports it', async () => {
    await using files = await writtenFiles({ 'auth.yml': `${HEAD}acl: []\n` });

    const { findings } = await importDockerAuth(files.path('auth.yml'), { services: [], publicUrl: undefined });

    expect(findings.filter(({ kind }) => kind === 'lost').map(({ message }) => message)).toEqual([
      expect.stringContaining('name each with --service'),
    ]);
  });
});

describe('writeNewFiles', () => {
  it('writes no file when one of them exists', async () => {
    await using files = await writtenFiles({ 'out/policy.yaml': 'mine' });

    const problems = await problemsOf(files, () =>
      writeNewFiles(files.path('out'), [
        { name: 'broker.yaml', text: 'new' },
        { name: 'policy.yaml', text: 'new' },
      ]),
    );

    expect(problems).toEqual([expect.stringMatching(/policy\.yaml: exists already; nothing was written/)]);
    expect(await readFile(files.path('out/policy.yaml'), 'utf8')).toBe('mine');
    await expect(readFile(files.path('out/broker.yaml'))).rejects.toThrow('ENOENT');
  });
});

describe('a directory without DNs', () => {
  const ldap = (lines: string): string => `ldap_auth:
  addr: dc1.corp.example:636
  base: OU=People,DC=corp,DC=example
${lines}
acl:
  - { match: { account: '/.+/' }, actions: [pull] }
`;

  it.each([
    ['svc-registry@corp.example', 'dn: svc-registry@corp.example'],
    [String.raw`CORP\svc-registry`, String.raw`dn: CORP\svc-registry`],
  ])('keeps the service account %s, which only Active Directory accepts', async (dn, expected) => {
    const lines = `  filter: (mail=\${account})\n  bind_dn: ${dn}\n  bind_password_file: ldap.password`;
    await using made = await imported(`${HEAD}${ldap(lines)}`);

    expect(made.text('broker.yaml')).toContain(expected);
    expect(made.text('broker.yaml')).toContain('preset: active-directory');
    expect(made.lines.filter((line) => line.includes('not converted'))).toEqual([]);
  });

  it.each([
    ['${account}@corp.example', "template: '{login}@corp.example'"],
    ['CORP\\${account}', 'template: CORP\\{login}'],
  ])('has users that bind as %s', async (dn, expected) => {
    await using made = await imported(`${HEAD}${ldap(`  initial_bind_as_user: true\n  bind_dn: '${dn}'`)}`);

    expect(made.text('broker.yaml')).toContain(expected);
    expect(made.text('broker.yaml')).toContain('base: OU=People,DC=corp,DC=example');
    expect(made.lines.filter((line) => line.includes('not converted'))).toEqual([]);
  });

  it('reports a filter that such a login does not apply, with its line', async () => {
    const lines =
      "  initial_bind_as_user: true\n  bind_dn: '${account}@corp.example'\n  filter: (sAMAccountName=${account})";

    expect(await reportOf(ldap(lines))).toContainEqual(
      expect.stringMatching(/^auth\.yml:8: not converted: ldap_auth: filter: it is not applied/),
    );
  });

  it.each([
    ['initial_bind_as_user: true\n  bind_dn: ${account}', /users bind with "\{login\}": expected a DN with \{login\}/],
    ['initial_bind_as_user: true\n  bind_dn: cn=reader,dc=corp', /users bind with "cn=reader,dc=corp": expected/],
    [
      'filter: (uid=${account})\n  bind_dn: reader\n  bind_password_file: f',
      /bind_dn "reader" is neither a DN nor a name/,
    ],
    ['filter: (uid=${account})\n  bind_dn: r@corp.example', /bind_dn has no bind_password_file/],
  ])('lists %j, which cannot be converted', async (lines, expected) => {
    expect(await reportOf(ldap(`  ${lines}`))).toContainEqual(expect.stringMatching(expected));
  });
});
