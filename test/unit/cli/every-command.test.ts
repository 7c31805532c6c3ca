/** Runs each command of the program at least once, with success wherever one process can make it succeed. */
import { describe, expect, it } from 'vitest';
import { openTestApi } from '../../support/api.ts';
import { MAIN } from '../../support/broker.ts';
import { run as runProgram, start } from '../../support/process.ts';
import { commands, CONFIG, SERVICE, workspace } from './workspace.ts';
import type { CommandResult, Workspace } from './workspace.ts';

type Run = (files: Workspace) => Promise<CommandResult>;

const HTPASSWD = 'alice:$2y$05$Z85yGlG8/rK93Xe.fY/fkOJBoea.EAESehzU/f/iOctuMEndwwvDW\n';
const ZOT = { http: { accessControl: { repositories: { '**': { defaultPolicy: ['read'] } } } } };
const DOCKER_AUTH = `server: { addr: ":5001" }
token: { issuer: issuer, expiration: 900 }
users: { "": {} }
acl: [{ match: { name: "public/*" }, actions: [pull] }]
`;
const FIRST_MATCH = `evaluation: first-match
rules: [{ name: all read, users: ["*"], repositories: ["**"], allow: [pull] }]
`;

/** How each command is run, and what it then prints. */
const RUNS: Readonly<Record<string, { readonly run: Run; readonly code?: number; readonly prints: RegExp }>> = {
  init: {
    run: (files) =>
      files.fairlead(
        ['init', '--out', files.path('new'), '--registry', SERVICE, '--public-url', 'https://auth.example.com'].concat([
          '--source',
          'file',
          '--user',
          'carol',
          '--user-password-stdin',
          '--group',
          '*',
        ]),
        'a-password-of-carol-7\n',
      ),
    prints: /^wrote new\/broker\.yaml\n[\s\S]*docker login registry\.example\.com --username carol\n$/,
  },
  serve: { run: serveAndStop, prints: /"message":"listening"[\s\S]*"message":"stopped"/ },
  check: { run: withConfig('check'), prints: /1 service, 1 backend\n.*3 rules/ },
  explain: {
    run: withConfig('explain', '--user', 'alice', '--scope', 'repository:web/a:push'),
    prints: /grants push[\s\S]*rule "web"/,
  },
  'who-can': { run: withConfig('who-can', 'push', 'web/a'), prints: /who can push web\/a:[\s\S]*by rule "web"/ },
  test: { run: withConfig('test'), prints: /1 passed, 0 failed/ },
  lint: { run: withConfig('lint'), prints: /3 rules: no findings/ },
  diff: {
    run: (files) => files.fairlead(['diff', files.path('policy.yaml'), files.path('policy.yaml')]),
    prints: /no decision changes/,
  },
  keygen: {
    run: (files) => files.fairlead(['keygen', '--name', 'blue', '--dir', files.path('keys')]),
    prints: /^wrote keys\/blue\.pem/,
  },
  'keys list': { run: withKey('list'), prints: /^ID +ALGORITHM[\s\S]*\ndefault +ES256 +signing/ },
  'keys announce': { run: withKey('announce'), prints: /^announced default@2: / },
  'keys activate': {
    run: async (files) => {
      await withKey('announce')(files);
      return withConfig('keys', 'activate', '--after', '0s')(files);
    },
    prints: /^default@2 signs now; default stays published/,
  },
  'keys retire': { run: withKey('retire', 'default'), code: 1, prints: /^$/ },
  'keys renew': { run: withKey('renew'), code: 2, prints: /^$/ },
  'hash-password': {
    run: (files) => files.fairlead(['hash-password'], 'one-password\n'),
    prints: /^\$argon2id\$[^\n]+\n$/,
  },
  'import docker-auth': {
    run: importing('docker-auth', DOCKER_AUTH, '--service', SERVICE),
    prints: /decisions compared, 0 differ[\s\S]*Everything was converted/,
  },
  'import htpasswd': { run: importing('htpasswd', HTPASSWD), prints: /wrote out\/users\.yaml\nEverything was/ },
  'import zot': { run: importing('zot', JSON.stringify(ZOT)), prints: /wrote out\/policy\.yaml\nEverything was/ },
  'policy modernise': {
    run: async (files) => files.fairlead(['policy', 'modernise', await files.write('first-match.yaml', FIRST_MATCH)]),
    prints: /name: all read/,
  },
  'registry-config': { run: withConfig('registry-config'), prints: /realm: "http:\/\/localhost:5001\/token"/ },
  doctor: {
    run: async (files) => {
      await files.fairlead(['keygen', '--name', 'default', '--dir', files.path('state/keys')]);
      return withConfig('doctor', '--registry', 'http://127.0.0.1:1')(files);
    },
    code: 1,
    prints: /^WRONG {2}registry: http:\/\/127\.0\.0\.1:1 cannot be reached/,
  },
  conformance: {
    run: (files) => files.fairlead(['conformance', '--list', '--only', 'answer.*']),
    prints: /^answer\.status \(must\)\n/,
  },
  flush: { run: flushRunning, prints: /login/ },
  api: {
    run: async (files) => {
      await using resources = new AsyncDisposableStack();
      resources.use(await openTestApi(files.config));
      const result = await withConfig('api', 'GET', '/status')(files);
      return result;
    },
    prints: /^{\n {2}"version": "[\s\S]*"readiness": "ready"/,
  },
  'fleet list': {
    run: withConfig('fleet', 'list'),
    code: 2,
    prints: /^$/,
  },
  'fleet acl': {
    run: (files) => files.fairlead(['fleet', 'acl']),
    prints: /^ACL SETUSER fairlead reset on >PASSWORD ~fl:\*/,
  },
  health: {
    run: withConfig('health', '--url', 'http://127.0.0.1:1/'),
    code: 1,
    prints: /not alive \(ECONNREFUSED\): nothing listens there: start the broker with/,
  },
  'tokens create': {
    run: async (files) => {
      await files.write('broker.yaml', JSON.stringify({ ...CONFIG, personalTokens: {} }));
      return withConfig('tokens', 'create', '--for', 'alice')(files);
    },
    prints: /^flp_[0-9A-Za-z]{49}\n$/,
  },
  'tokens check-leak': {
    run: withConfig('tokens', 'check-leak'),
    prints: /^0 tokens found, 0 valid and now revoked, 0 damaged\n$/,
  },
  'tokens list': { run: withConfig('tokens', 'list'), prints: /^there are no refresh tokens/ },
  'tokens revoke': { run: withConfig('tokens', 'revoke', '--all'), code: 1, prints: /^$/ },
  'records roles': {
    run: (files) => files.fairlead(['records', 'roles']),
    prints: /CREATE ROLE "fairlead" LOGIN[\s\S]*GRANT USAGE ON SEQUENCES TO "fairlead";\n$/,
  },
  'records migrate': { run: withConfig('records', 'migrate'), code: 2, prints: /^$/ },
  'records copy': { run: withConfig('records', 'copy'), code: 2, prints: /^$/ },
  backup: {
    run: (files) => withConfig('backup', files.path('copy.db'))(files),
    prints: /^nothing to copy: the configuration offers no tokens[\s\S]*keep these files as well[\s\S]* users\.yaml\n/,
  },
  'kubernetes-secret': {
    run: async (files) => files.fairlead(['kubernetes-secret', await files.write('ldap-password', 'secret')]),
    prints: /^apiVersion: v1\nkind: Secret\n[\s\S]*ldap-password: c2VjcmV0\n$/,
  },
  'credential login': { run: withHome(['login', '127.0.0.1:1']), code: 1, prints: /does not answer: / },
  'credential logout': { run: withHome(['logout', SERVICE]), code: 1, prints: /^There is no login at registry\./ },
  'credential configure': { run: withHome(['configure', SERVICE]), prints: /now names this helper for .*: docker/ },
  'credential doctor': { run: withHome(['doctor']), code: 1, prints: /no registry uses this helper/ },
  'credential kubelet': { run: withHome(['kubelet'], '{}'), code: 1, prints: /expected a CredentialProviderRequest/ },
  'credential get': {
    run: withHome(['get'], SERVICE),
    code: 1,
    prints:
      /^credentials not found in native keychain\n[^\n]* there is no login at .*; run: fairlead credential login .*\n$/,
  },
  'credential store': { run: withHome(['store'], '{}'), code: 1, prints: /^no credentials server URL\n$/ },
  'credential erase': { run: withHome(['erase'], SERVICE), prints: /^$/ },
  'credential list': { run: withHome(['list']), prints: /^\{\}\n$/ },
  'credential version': { run: withHome(['version']), prints: /^fairlead credential \(Fairlead\) \d/ },
  completion: { run: (files) => files.fairlead(['completion', 'bash']), prints: /^# bash completion for fairlead\n/ },
  man: { run: (files) => files.fairlead(['man']), prints: /^\.TH FAIRLEAD 1[\s\S]*\.SS fairlead tokens list\n/ },
  schema: {
    run: (files) => files.fairlead(['schema', '--dir', files.path('schemas')]),
    prints: /^wrote schemas\/broker\.schema\.json\n/,
  },
};

/** In a home of its own: these commands read and write files of the user. */
function withHome(args: readonly string[], stdin = ''): Run {
  return async (files) => {
    const env = { HOME: files.folder, PATH: process.env['PATH'] };
    const { code, stdout, stderr } = await runProgram(process.execPath, [MAIN, 'credential', ...args], { env, stdin });
    return { code: code ?? -1, stdout: stdout + stderr, stderr };
  };
}

function withConfig(...args: readonly string[]): Run {
  return (files) => files.fairlead([...args, '--config', files.config]);
}

/** With the key that a broker has made at its first start. */
function withKey(...args: readonly string[]): Run {
  return async (files) => {
    await files.fairlead(['keygen', '--name', 'default', '--dir', files.path('state/keys')]);
    return withConfig('keys', ...args)(files);
  };
}

function importing(kind: string, text: string, ...options: readonly string[]): Run {
  return async (files) =>
    files.fairlead(['import', kind, await files.write('foreign', text), '--out', files.path('out'), ...options]);
}

async function flushRunning(files: Workspace): Promise<CommandResult> {
  await using resources = new AsyncDisposableStack();
  resources.use(await openTestApi(files.config));
  const result = await withConfig('flush')(files);
  return result;
}

/** A process of its own: signals stop it. */
async function serveAndStop(files: Workspace): Promise<CommandResult> {
  await using broker = start(process.execPath, [MAIN, 'serve', '--config', files.config]);
  await broker.waitForOutput(/"listening"/);
  broker.signal('SIGTERM');
  await broker.waitForOutput(/"draining"/);
  broker.signal('SIGTERM');
  const { code } = await broker.exited;
  return { code: code ?? -1, stdout: broker.output(), stderr: broker.stderr() };
}

const leaves = (await commands()).filter(({ isLeaf }) => isLeaf);

describe('every command of the program', () => {
  it('is run by a test in this file', () => {
    expect(Object.keys(RUNS).toSorted()).toEqual(leaves.map(({ name }) => name).toSorted());
  });

  it.each(Object.entries(RUNS))(
    'prints its result and exits with its code: fairlead %s',
    async (_name, { run, code, prints }) => {
      await using files = await workspace();

      const result = await run(files);

      expect(result.stdout).toMatch(prints);
      expect(result.code, result.stderr).toBe(code ?? 0);
    },
  );
});
