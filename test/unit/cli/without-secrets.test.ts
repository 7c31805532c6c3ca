/** Commands that need only names work where the secrets are not, such as in a pipeline. */
import { describe, expect, it } from 'vitest';
import { CONFIG, POLICY, workspace } from './workspace.ts';

const NO_SECRETS = {
  ...CONFIG,
  tls: { certFile: 'tls/none.crt', keyFile: 'tls/none.key' },
  keys: [{ name: 'default', keyFile: 'keys/none.pem', certFile: 'keys/none.crt' }],
  backends: [
    ...CONFIG.backends,
    {
      name: 'corp',
      type: 'ldap',
      preset: 'openldap',
      urls: ['ldaps://ldap.example.org'],
      bind: { dn: 'cn=fairlead,dc=example,dc=org', password: { file: 'none.password' } },
      tls: { caFile: 'none-ca.pem' },
      users: { base: 'dc=example,dc=org' },
    },
    {
      name: 'other',
      type: 'ldap',
      preset: 'openldap',
      urls: ['ldaps://ldap2.example.org'],
      bind: { dn: 'cn=fairlead,dc=example,dc=org', password: { env: 'FAIRLEAD_NO_SUCH_VARIABLE' } },
      users: { base: 'dc=example,dc=org' },
    },
  ],
};

describe('without the secrets, keys and certificates of the configuration', () => {
  it.each([
    ['test'],
    ['lint'],
    ['who-can', 'push', 'web/a'],
    ['explain', '--user', 'alice', '--group', 'team-web', '--scope', 'repository:web/a:pull'],
    ['explain', '--scope', 'repository:public/a:pull'],
    ['diff', 'policy.yaml', 'policy.yaml'],
    ['registry-config'],
    ['check', '--without-secrets'],
    ['tokens', 'list'],
  ])('fairlead %s works', async (command, ...args) => {
    await using files = await workspace({ 'broker.yaml': JSON.stringify(NO_SECRETS) });
    const paths = args.map((arg) => (arg === 'policy.yaml' ? files.path(arg) : arg));

    const { code, stderr } = await files.fairlead([command, ...paths, '--config', files.config]);

    expect([code, stderr]).toEqual([0, command === 'registry-config' ? (expect.any(String) as string) : '']);
  });

  it.each([['check'], ['explain', '--user', 'alice', '--scope', 'repository:web/a:pull']])(
    'fairlead %s, which needs them, names each that is missing',
    async (...args) => {
      await using files = await workspace({ 'broker.yaml': JSON.stringify(NO_SECRETS) });

      const { code, stderr } = await files.fairlead([...args, '--config', files.config]);

      expect(code).toBe(2);
      expect(stderr.match(/cannot be read|is not set/g)).toHaveLength(7);
    },
  );
});

it.each([['--connect'], ['--login', 'alice'], ['--token']])(
  'fairlead check --without-secrets excludes %s, which needs them',
  async (...options) => {
    await using files = await workspace();

    const { code, stderr } = await files.fairlead(['check', '--without-secrets', ...options, '--config', files.config]);

    expect(code).toBe(2);
    expect(stderr).toContain('--connect, --login and --token need the secrets');
  },
);

describe('fairlead check compares the policy with the configuration', () => {
  it('a service that is not configured is an error', async () => {
    const policy = POLICY.replace('everyone: true,', 'everyone: true, services: [registry.exmaple.com],');
    await using files = await workspace({ 'policy.yaml': policy });

    const { code, stderr } = await files.fairlead(['check', '--config', files.config]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/^policy\.yaml:4:\d+: rules\.1\.services\.0: .*did you mean "registry\.example\.com"\?/);
    expect((await files.fairlead(['test', '--config', files.config])).code).toBe(2);
    expect((await files.fairlead(['lint', '--config', files.config])).stdout).toContain('registry.exmaple.com');
  });

  it('a group or user that no backend delivers is a warning', async () => {
    const policy = POLICY.replace('groups: [team-web], repositories', 'groups: [team-wbe], repositories');
    await using files = await workspace({ 'policy.yaml': policy });

    const { stdout } = await files.fairlead(['check', '--config', files.config]);

    expect(stdout).toMatch(
      /^warning: policy\.yaml:3: rule "web" names the group "team-wbe".*did you mean "team-web"\?/m,
    );
  });
});
