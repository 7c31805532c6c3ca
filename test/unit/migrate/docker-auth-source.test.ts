/** Where a configuration of docker_auth is found, and files that are something else. */
import { describe, expect, it } from 'vitest';
import { importDockerAuth } from '../../../src/migrate/docker-auth/index.ts';
import { problemsOf, writtenFiles } from '../config/written-files.ts';
import { configuration, HASH, imported } from './imported.ts';

const ACL = [
  { match: { account: 'alice' }, actions: ['*'] },
  { match: { account: '/.+/', name: 'public/*' }, actions: ['pull'] },
];
const PLAIN = configuration(ACL, { alice: {} });
const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));
const CONFIG_MAP = `apiVersion: v1
kind: ConfigMap
metadata: { name: docker-auth }
data:
  other.txt: nothing
  auth_config.yml: |
${indented(PLAIN, 4)}`;
const VALUES = `replicaCount: 1
image: { repository: cesanta/docker_auth, tag: 1.14.0 }
service: { type: ClusterIP, targetPort: 5005 }
configmap:
  data:
    token: { issuer: test, expiration: 900, disableLegacyKeyId: false }
    users:
      alice: { password: '${HASH}' }
    acl:
      - match: { account: alice }
        actions: ['*']
      - match: { account: '/.+/', name: public/* }
        actions: [pull]
      - match: { acount: bob }
        actions: [pull]
`;

async function refused(text: string): Promise<string> {
  await using files = await writtenFiles({ 'auth.yml': text });
  const problems = await problemsOf(files, () =>
    importDockerAuth(files.path('auth.yml'), { services: ['registry'], publicUrl: undefined }),
  );
  expect(problems).toHaveLength(1);
  return problems[0] ?? '';
}

async function guessed(text: string): Promise<readonly string[]> {
  await using files = await writtenFiles({ 'auth.yml': text });
  const { files: made, findings } = await importDockerAuth(files.path('auth.yml'), {
    services: ['registry'],
    publicUrl: undefined,
  });
  const [, url = ''] = /^publicUrl: (.*)$/m.exec(made[0]?.text ?? '') ?? [];
  return [url, ...findings.filter(({ kind }) => kind === 'lost').map(({ message }) => message)];
}

describe('a configuration of docker_auth', () => {
  it.each([
    ['in a ConfigMap', CONFIG_MAP],
    ['in a Secret as stringData', CONFIG_MAP.replace('ConfigMap', 'Secret').replace('\ndata:', '\nstringData:')],
  ])('is read %s, with the same policy and users', async (_where, text) => {
    await using plain = await imported(PLAIN);
    await using wrapped = await imported(text);

    for (const name of ['policy.yaml', 'users.yaml']) {
      expect(wrapped.text(name).replaceAll(/auth\.yml:\d+/g, '')).toBe(
        plain.text(name).replaceAll(/auth\.yml:\d+/g, ''),
      );
    }
    expect(wrapped.lines).toContain('auth.yml:6: note: read from data."auth_config.yml"');
  });

  it('has the lines of the file in findings about a ConfigMap', async () => {
    const text = CONFIG_MAP.replace('account: alice', 'acount: alice');
    await using made = await imported(text);
    const line = text.split('\n').findIndex((one) => one.includes('acount')) + 1;

    expect(made.lines.some((one) => one.startsWith(`auth.yml:${line}: not converted: acl.match.acount`))).toBe(true);
  });

  it('is read from the values of the Helm chart, with the files that the chart mounts', async () => {
    await using made = await imported(VALUES);

    expect(made.text('broker.yaml')).toContain("listen: '[::]:5005'");
    expect(made.text('broker.yaml')).toContain('keyFile: /config/server.key');
    expect(made.text('users.yaml')).toContain('alice:');
    expect(made.lines).toContain(
      'auth.yml:14: not converted: acl.match.acount: docker_auth does not know this key and ignores it, so the condition is missing, and the rule matches more; account was probably meant',
    );
    expect(made.lines).toContain('auth.yml:1: note: for Kubernetes, and not imported: replicaCount, image, service');
  });
});

describe('a file that is not a configuration of docker_auth', () => {
  it.each([
    ['the configuration of the broker', 'listen: 127.0.0.1:5001\nservices: { r: {} }\n', 'found no server and token'],
    ['users of the broker', `users: { alice: { password: '${HASH}' } }\n`, 'found no server and token'],
    ['a policy', 'rules: []\n', 'found no server and token, and no users and acl'],
    ['the configuration of distribution', 'version: 0.1\nauth: { token: { realm: x } }\n', 'found no server and token'],
    ['a configuration without users and rules', 'server: { addr: :5001 }\ntoken: { issuer: x }\n', 'no users and acl'],
    [
      'a ConfigMap of another program',
      CONFIG_MAP.replace('auth_config.yml', 'auth_config.ini'),
      'a ConfigMap of Kubernetes without',
    ],
    [
      'an encoded Secret',
      'apiVersion: v1\nkind: Secret\ndata: { auth_config.yml: c2VydmVyOgo= }\n',
      'write the decoded text',
    ],
    ['a Deployment', 'apiVersion: apps/v1\nkind: Deployment\n', 'a Deployment of Kubernetes without'],
    ['several documents', `${CONFIG_MAP}---\nkind: Secret\n`, 'found several YAML documents, expected one'],
    ['a list', '- a\n', 'found no server and token'],
    ['nothing', '', 'found no server and token'],
  ])('is refused: %s', async (_what, text, expected) => {
    expect(await refused(text)).toContain(expected);
  });

  it('is refused with the path of the part that looks like one', async () => {
    expect(await refused(`auth:\n  config:\n${indented(PLAIN, 4)}`)).toContain(
      'the part under auth.config (line 2) looks like one',
    );
  });
});

describe('a placeholder of a template', () => {
  it.each(['${TEAM}/*', '${TEAM:-web}/*', '{{ .Values.team }}/*'])(
    'in a rule is refused with its line: %s',
    async (name) => {
      const text = configuration([{ match: { name }, actions: [] }], { alice: {} });

      expect(await refused(text)).toMatch(/^auth\.yml:\d+:1: acl: found .*: fill in the template first$/);
    },
  );

  it('is reported with its line outside of acl', async () => {
    await using made = await imported(PLAIN.replace('issuer: test', 'issuer: ${ISSUER}'));

    expect(made.lines).toContainEqual(
      expect.stringMatching(/^auth\.yml:\d+: not converted: \$\{ISSUER\} is a placeholder/),
    );
  });

  it('is not confused with a placeholder of docker_auth', async () => {
    const rule = { match: { account: '/^(x)$/', name: '${account}/${account:1}/${labels:team}' }, actions: ['pull'] };
    await using made = await imported(configuration([rule], { alice: { team: ['web'] } }));

    expect(made.lines.filter((line) => line.includes('template'))).toEqual([]);
  });
});

describe('path_prefix', () => {
  const prefixed = PLAIN.replace('addr: 127.0.0.1:5001', 'addr: 127.0.0.1:5001\n  path_prefix: /auth');

  it('becomes the path of publicUrl', async () => {
    expect(await guessed(prefixed)).toEqual(['http://localhost:5001/auth']);
    expect(await guessed(PLAIN)).toEqual(['http://localhost:5001']);
  });

  it('is reported when --public-url does not have it', async () => {
    await using made = await imported(prefixed);

    expect(made.lines[0]).toMatch(/not converted: server\.path_prefix: --public-url does not end with \/auth/);
  });
});

describe('an import without a user "" in docker_auth', () => {
  const rule = { match: { ip: '127.0.0.0/8' }, actions: ['*'] };
  const star = { match: { account: '*', name: 'a' }, actions: ['pull'] };

  it.each([
    ['with it', { '': {}, alice: {} }, true],
    ['without it', { alice: {} }, false],
  ])('compares and warns about anonymous only %s', async (_what, users, isAnonymous) => {
    await using made = await imported(configuration([star, rule], users));

    expect(made.decisions.some(({ request }) => request.account === '')).toBe(isAnonymous);
    expect(made.lines.some((line) => line.includes('without a password'))).toBe(isAnonymous);
    expect(made.lines.some((line) => line.includes('matches anonymous'))).toBe(isAnonymous);
  });
});

describe('the comparison of decisions', () => {
  it('has the request of podman and skopeo to delete, and finds that "*" with another action differs', async () => {
    const both = configuration([{ match: { account: 'alice' }, actions: ['*', 'pull'] }], { alice: {} });
    await using alone = await imported(configuration([{ match: { account: 'alice' }, actions: ['*'] }], { alice: {} }));
    await using together = await imported(both);
    const differing = ({ decisions }: typeof alone) => decisions.filter(({ same }) => !same).length;

    expect(alone.decisions.some(({ request }) => request.type === 'repository' && request.actions[0] === '*')).toBe(
      true,
    );
    expect(differing(alone)).toBe(0);
    expect(differing(together)).toBeGreaterThan(0);
  });
});

describe('the keys of oidc_auth for its web page', () => {
  it('are reported, each with its line', async () => {
    await using made = await imported(`server: { addr: '127.0.0.1:5001' }
token: { issuer: test, disable_legacy_key_id: true }
oidc_auth:
  issuer: https://id.example.com
  client_id: registry
  redirect_url: https://auth.example.com/oidc_auth
  level_token_db: { path: /data }
acl: []
`);

    expect(made.lines.filter((line) => line.includes('not converted'))).toEqual([
      expect.stringContaining('auth.yml:2: not converted: token.disable_legacy_key_id'),
      expect.stringContaining('auth.yml:6: not converted: oidc_auth.redirect_url'),
      expect.stringContaining('auth.yml:7: not converted: oidc_auth.level_token_db'),
    ]);
  });
});
