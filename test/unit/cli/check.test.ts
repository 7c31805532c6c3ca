import { chmod } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { CONFIG, POLICY, workspace } from './workspace.ts';
import type { Workspace } from './workspace.ts';

const KEYS = [{ name: 'blue', keyFile: 'keys/blue.pem', certFile: 'keys/blue.crt' }];

/** A broker with a key of its own. */
async function withKey(): Promise<Workspace> {
  const files = await workspace({ 'broker.yaml': JSON.stringify({ ...CONFIG, keys: KEYS }) });
  await files.fairlead(['keygen', '--name', 'blue', '--dir', files.path('keys')]);
  return files;
}

it('fairlead check prints the warnings about signing keys', async () => {
  await using files = await withKey();
  const check = () => files.fairlead(['check', '--config', files.config]);

  expect((await check()).stdout).not.toContain('warning');
  await chmod(files.path('keys/blue.pem'), 0o644);

  expect((await check()).stdout).toMatch(
    /^warning: keys\/blue\.pem can be read by others than its owner; run chmod 600 on it\n/,
  );
});

it('fairlead check exits with 2 for a key that cannot be read', async () => {
  await using files = await withKey();
  await files.write('keys/blue.pem', 'damaged');

  const { code, stderr } = await files.fairlead(['check', '--config', files.config]);

  expect(code).toBe(2);
  expect(stderr).toMatch(/^fairlead: keys\/blue\.pem is not a private key in PEM/);
});

it('fairlead check exits with 2 for a caFile of the shared store without a certificate, and names it', async () => {
  const shared = {
    valkey: { urls: ['rediss://valkey.example.com'], tls: { caFile: 'ca.pem' } },
    keyFile: 'fleet.key',
  };
  await using files = await workspace({ 'broker.yaml': JSON.stringify({ ...CONFIG, shared }), 'ca.pem': 'empty' });
  await files.write('fleet.key', Buffer.alloc(32, 7).toString('base64'));

  const { code, stderr } = await files.fairlead(['check', '--config', files.config]);

  expect(code).toBe(2);
  expect(stderr).toMatch(/ca\.pem: expected certificates in PEM/);
});

it('fairlead check exits with 1 when a test of the policy fails', async () => {
  await using files = await workspace({ 'policy.yaml': POLICY.replace('expect: [pull, push]', 'expect: [pull]') });

  const { code, stdout } = await files.fairlead(['check', '--config', files.config]);

  expect(code).toBe(1);
  expect(stdout).toMatch(/policy\.yaml:7: FAILED/);
  expect(stdout).toContain('policy tests: 0 passed, 1 failed');
});

it('fairlead check exits with 1 when a backend fails', async () => {
  const backend = {
    name: 'corp',
    type: 'ldap',
    preset: 'openldap',
    urls: ['ldap://127.0.0.1:1'],
    tls: { mode: 'none' },
  };
  const backends = [{ ...backend, users: { base: 'dc=example,dc=org' } }];
  await using files = await workspace({ 'broker.yaml': JSON.stringify({ ...CONFIG, backends }) });

  const result = await files.fairlead(['check', '--config', files.config, '--connect']);

  expect(result.code).toBe(1);
  expect(result.stdout).toMatch(/^FAILED: backend corp/m);
});

it.each([
  [['--login', 'alice', '--token'], 'expected one of --login and --token, found both'],
  [['--login', 'alice', '--watch'], 'expected them without --watch'],
])('fairlead check %j exits with 2', async (options, expected) => {
  await using files = await workspace();

  const { code, stderr } = await files.fairlead(['check', '--config', files.config, ...options]);

  expect(code).toBe(2);
  expect(stderr).toContain(expected);
});

it.each([
  ['stateDir', { stateDir: 'users.yaml' }, 'stateDir: users.yaml is not a folder'],
  ['stateDir', { stateDir: 'users.yaml/state' }, 'stateDir: users.yaml is not a folder'],
  ['trustDir', { trustDir: 'policy.yaml' }, 'trustDir: policy.yaml is not a folder'],
  ['audit', { audit: { file: 'none/audit.log' } }, 'audit.file: the folder none cannot be written (no such file)'],
  ['listen', { listen: 'unix:none/fairlead.sock' }, 'listen: the folder none cannot be written (no such file)'],
])('fairlead check exits with 1 where the broker cannot start: %s %j', async (_key, more, message) => {
  await using files = await workspace({ 'broker.yaml': JSON.stringify({ ...CONFIG, ...more }) });

  const { code, stdout } = await files.fairlead(['check', '--config', files.config]);

  expect(code).toBe(1);
  expect(stdout).toContain(`FAILED: ${message}`);
});

it('fairlead check warns about an address that this machine does not have', async () => {
  await using files = await workspace({ 'broker.yaml': JSON.stringify({ ...CONFIG, listen: '192.0.2.1:0' }) });

  const { stdout } = await files.fairlead(['check', '--config', files.config]);

  expect(stdout).toContain('192.0.2.1 is not an address of this machine; set one that is, or 0.0.0.0');
});

it.each([
  ['damaged', 'garbage', 'garbage', 'has no valid certificate in PEM'],
  ['empty', '', '', 'is empty'],
])('fairlead check exits with 2 for a TLS certificate that is %s', async (_what, cert, key, message) => {
  const tls = { certFile: 'tls.crt', keyFile: 'tls.key' };
  const config = JSON.stringify({ ...CONFIG, tls });
  await using files = await workspace({ 'broker.yaml': config, 'tls.crt': cert, 'tls.key': key });

  const { code, stderr } = await files.fairlead(['check', '--config', files.config]);

  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
