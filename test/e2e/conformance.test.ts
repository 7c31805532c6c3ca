/** The broker passes every check of the conformance suite, whatever its key, its header and its services. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { MAIN, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { run } from '../support/process.ts';
import { SERVICE } from '../support/static-broker.ts';

const PASSWORD = 'alice: pässword+1 &=%';
const OTHER_PASSWORD = 'bob-password-with-length';
const OTHER_SERVICE = 'other.example.com';
const ORIGIN = 'https://ui.example.com';
/** The measurement depends on the speed of the machine. */
const MEASURING = 'timing.*';

const POLICY = `rules:
  - { name: the team, groups: [team], repositories: ["team/**"], allow: [pull, push] }
  - { name: the public, everyone: true, repositories: ["public/**"], allow: [pull] }
  - { name: the catalog, groups: [team], catalog: true, allow: [pull] }
`;

interface Mode {
  readonly services: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
  /** What the server file says otherwise. */
  readonly description?: Readonly<Record<string, unknown>>;
  /** The checks to run, where the rest is as in the first mode. Default: all. */
  readonly only?: string;
  /** What registries trust. Default: the bundle and the key set. */
  readonly trust?: 'bundle' | 'jwks';
}

/** What depends on the key and on the header of tokens. */
const OF_KEYS = 'answer.*,claims.*,keys.*,clients.*';

const ANONYMOUS = { rights: { 'public/app': ['pull'] } };

const MODES: Readonly<Record<string, Mode>> = {
  'refresh tokens, anonymous users, two services and web pages': {
    services: {
      [SERVICE]: { anonymous: 'allow', refreshTokens: {} },
      [OTHER_SERVICE]: { anonymous: 'allow', refreshTokens: {} },
    },
    config: { cors: { origins: [ORIGIN] } },
    description: { otherService: OTHER_SERVICE, supports: { refreshTokens: true, cors: ORIGIN } },
  },
  'a login for everything': {
    services: { [SERVICE]: { anonymous: 'deny' } },
    description: { anonymous: 'deny', supports: {} },
  },
  'an RSA key in x5c': {
    only: OF_KEYS,
    services: { [SERVICE]: { anonymous: 'allow' } },
    config: { keys: [{ name: 'default', algorithm: 'RS256' }] },
  },
  'a libtrust key id and a key set': {
    only: OF_KEYS,
    services: { [SERVICE]: { anonymous: 'allow', key: { header: 'kid' } } },
  },
  'a thumbprint and a key set': {
    only: OF_KEYS,
    services: { [SERVICE]: { anonymous: 'allow', key: { header: 'kid-rfc7638' } } },
    description: { registries: ['distribution-3.0', 'distribution-3.1', 'zot'] },
    trust: 'jwks',
  },
  'an Ed25519 key in x5c': {
    only: OF_KEYS,
    services: { [SERVICE]: { anonymous: 'allow' } },
    config: { keys: [{ name: 'default', algorithm: 'EdDSA' }] },
    description: { registries: ['distribution-3.0', 'distribution-3.1', 'zot'] },
    trust: 'bundle',
  },
};

async function startMode({ services, config }: Mode): Promise<Broker> {
  const users = {
    alice: { password: await hashPassword(PASSWORD), groups: ['team'] },
    bob: { password: await hashPassword(OTHER_PASSWORD) },
  };
  return startBroker({
    config: {
      services,
      backends: [{ name: 'local', type: 'static-file', file: 'users.yaml' }],
      policy: 'policy.yaml',
      ...config,
    },
    files: { 'users.yaml': JSON.stringify({ users }), 'policy.yaml': POLICY },
  });
}

function serverFile(broker: Broker, { description, trust }: Mode): string {
  const bundle = { bundle: broker.certificate };
  const jwks = { jwks: `${broker.url}/.well-known/jwks.json` };
  return stringify({
    version: 1,
    service: SERVICE,
    issuer: 'fairlead',
    trust: trust === 'bundle' ? bundle : trust === 'jwks' ? jwks : { ...bundle, ...jwks },
    registries: ['distribution-2.8', 'distribution-3.0', 'distribution-3.1', 'zot'],
    users: [
      {
        name: 'alice',
        password: { env: 'ALICE_PASSWORD' },
        rights: {
          'team/app': ['pull', 'push'],
          'team/lib': ['pull', 'push'],
          'public/app': ['pull'],
          'private/app': [],
        },
        catalog: true,
      },
      { name: 'bob', password: { file: 'bob.password' }, rights: {} },
    ],
    anonymous: ANONYMOUS,
    ...description,
  });
}

describe('fairlead conformance', () => {
  it.each(Object.entries(MODES))('finds nothing in a broker with %s', async (_name, mode) => {
    await using broker = await startMode(mode);
    await broker.write('server.yaml', serverFile(broker, mode));
    await broker.write('bob.password', `${OTHER_PASSWORD}\n`);
    const reports = ['junit.xml', 'report.html', 'report.tap', 'report.txt'].map((name) => join(broker.folder, name));

    const { code, stdout, stderr } = await run(
      process.execPath,
      [MAIN, 'conformance', `${broker.url}/token`, '--server', join(broker.folder, 'server.yaml')].concat(
        ['--skip', MEASURING, '--fail-on', 'may', '--rate', '1000', '--format', 'json'],
        ['--report', reports.join(',')],
        ['--only', mode.only ?? '*'],
      ),
      { env: { ...process.env, ALICE_PASSWORD: PASSWORD } },
    );

    expect(stderr).toBe('');
    const { results } = JSON.parse(stdout) as { results: { id: string; outcome: string; text?: string }[] };
    expect(results.filter(({ outcome }) => outcome === 'fail' || outcome === 'blocked')).toEqual([]);
    const passed = results.filter(({ outcome }) => outcome === 'pass').length;
    expect(passed).toBeGreaterThan(mode.only === undefined ? 130 : 55);
    expect(code).toBe(0);
    const texts = await Promise.all(reports.map((path) => readFile(path, 'utf8')));
    for (const text of [stdout, ...texts]) {
      expect(text).toContain('answer.status');
      expect(text).not.toContain(PASSWORD);
      expect(text).not.toContain(OTHER_PASSWORD);
      expect(text).not.toMatch(/eyJ[A-Za-z0-9_-]{20}/);
    }
  });
});

describe('the separate package', () => {
  it('runs without the broker and without dependencies, on a server file that its sample describes', async () => {
    await using resources = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-suite-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    const root = resolve(import.meta.dirname, '../..');
    const built = await run('npm', ['run', '--silent', 'package:conformance'], { cwd: root });
    expect(built, built.stderr).toMatchObject({ code: 0 });
    const [, tarball = ''] = /^wrote (\S+)$/m.exec(built.stdout) ?? [];
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    const install = ['install', '--offline', '--no-audit', '--no-fund', join(root, tarball)];
    expect(await run('npm', install, { cwd: folder })).toMatchObject({ code: 0 });
    const command = join(folder, 'node_modules/.bin/registry-token-conformance');
    const suite = (...args: readonly string[]) => run(process.execPath, [command, ...args], { cwd: folder });

    const sample = await suite('--sample');
    expect(sample).toMatchObject({ code: 0, stderr: '' });
    await writeFile(join(folder, 'server.yaml'), sample.stdout);
    expect(await suite('http://127.0.0.1:1/token')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'server.yaml: the password of alice is expected in the variable ALICE_PASSWORD\n',
    });
    expect(await suite('--list', '--only', 'keys.zot')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^keys\.zot \(must\)\n/),
    });
  });
});
