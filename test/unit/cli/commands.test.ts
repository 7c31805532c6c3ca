/** What single commands print and exit with, where nothing else shows it. */
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openRecords } from '../../../src/app/open-records.ts';
import { openTokenStores } from '../../../src/app/token-stores.ts';
import { loadBroker } from '../../../src/config/load.ts';
import type { RefreshToken } from '../../../src/core/refresh-token.ts';
import { parseHash } from '../../../src/backends/password-hash.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { openOwnControlSocket } from '../../../src/platform/control-sockets.ts';
import { openTestApi } from '../../support/api.ts';
import { recordingLog } from '../../support/fakes.ts';
import { CONFIG, POLICY, SERVICE, workspace } from './workspace.ts';
import type { CommandResult, Workspace } from './workspace.ts';

const withConfig = (files: Workspace, ...args: readonly string[]): Promise<CommandResult> =>
  files.fairlead([...args, '--config', files.config]);

describe('fairlead hash-password', () => {
  it('refuses an empty password', async () => {
    await using files = await workspace();

    expect(await files.fairlead(['hash-password'], '\n')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'fairlead: the password is empty; type one, or send it as the first line of standard input\n',
    });
  });

  it('refuses a line that is longer than any password', async () => {
    await using files = await workspace();

    const { code, stdout, stderr } = await files.fairlead(['hash-password'], 'x'.repeat(40_000));

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('the line is longer than 32768 characters');
    expect(stderr).not.toContain('xxx');
  });

  it('reads one line and neither its end nor the next line', async () => {
    await using files = await workspace();

    const { stdout } = await files.fairlead(['hash-password'], 'one-password\r\nanother\n');

    const hash = parseHash(stdout.trim());
    if (typeof hash === 'string') throw new Error(hash);
    expect(await hash.matches(Buffer.from('one-password'))).toBe(true);
    expect(await hash.matches(Buffer.from('one-password\r'))).toBe(false);
  });
});

describe('fairlead serve', () => {
  it.each([
    ['--listen', '5001'],
    ['--admin-listen', 'unix:'],
  ])('refuses %s %s, which is no address', async (option, address) => {
    await using files = await workspace();

    const { code, stderr } = await files.fairlead(['serve', '--config', files.config, option, address]);

    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(`${option} ${address}: expected HOST:PORT, such as 127.0.0.1:5001`),
    });
  });
});

describe('fairlead keygen', () => {
  it('writes a private key for its owner alone, and never over a file', async () => {
    await using files = await workspace();
    const keygen = () => files.fairlead(['keygen', '--name', 'blue', '--dir', files.path('keys')]);

    expect((await keygen()).code).toBe(0);
    const key = await readFile(files.path('keys/blue.pem'), 'utf8');
    expect((await stat(files.path('keys/blue.pem'))).mode & 0o777).toBe(0o600);
    expect((await stat(files.path('keys/blue.crt'))).mode & 0o777).toBe(0o644);

    expect(await keygen()).toEqual({
      code: 2,
      stdout: '',
      stderr: 'fairlead: keys/blue.pem exists and is not overwritten; choose another --name or --dir\n',
    });
    expect(await readFile(files.path('keys/blue.pem'), 'utf8')).toBe(key);
  });

  it('refuses a name that leads out of the folder', async () => {
    await using files = await workspace();

    const { code, stderr } = await files.fairlead(['keygen', '--name', '../blue', '--dir', files.path('keys')]);

    expect(code).toBe(2);
    expect(stderr).toContain('"../blue" is not a key name');
  });
});

describe('fairlead explain', () => {
  it('exits with 1 when an action is not granted', async () => {
    await using files = await workspace();
    const explain = (scope: string) => withConfig(files, 'explain', '--user', 'alice', '--scope', scope);

    expect((await explain('repository:web/a:pull,push')).code).toBe(0);
    expect((await explain('repository:web/release/a:pull,push')).code).toBe(1);
    expect((await explain('repository:other/a:pull')).code).toBe(1);
  });

  it.each([
    [['--scope', 'web/a'], '"web/a" is not a scope; expected type:name:actions'],
    [['--scope', 'repository:a:pull', '--group', 'x'], '--group needs --user'],
    [
      ['--scope', 'repository:a:pull', '--at', 'noon'],
      '"noon" is not a time; expected one such as 2026-05-04T09:30:00Z',
    ],
    [['--scope', 'repository:a:pull', '--user', 'x', '--backend', 'local'], '--backend needs --group'],
    [['--scope', 'repository:a:pull', '--user', 'nobody'], 'no backend knows the user "nobody"'],
  ])('%j exits with 2', async (options, expected) => {
    await using files = await workspace();

    const { code, stdout, stderr } = await withConfig(files, 'explain', ...options);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(expected);
  });
});

describe('fairlead diff', () => {
  it('exits with 1 when a decision changes, and lists it', async () => {
    await using files = await workspace({ 'next.yaml': POLICY.replace('allow: reader', 'allow: writer') });

    const { code, stdout } = await files.fairlead(['diff', files.path('policy.yaml'), files.path('next.yaml')]);

    expect(code).toBe(1);
    expect(stdout).toMatch(/gained push on public\/\*\*: everyone/);
  });
});

describe('fairlead test', () => {
  it('exits with 1 and names the line of a test that fails', async () => {
    await using files = await workspace({ 'next.yaml': POLICY.replace('expect: [pull, push]', 'expect: []') });

    const { code, stdout } = await files.fairlead(['test', files.path('next.yaml')]);

    expect(code).toBe(1);
    expect(stdout).toMatch(/^next\.yaml:7: FAILED/);
  });
});

describe('fairlead lint', () => {
  const UNUSED_ROLE = POLICY.replace('writer: [pull, push]', 'writer: [pull, push], unused: [pull]');

  it('exits with 1 for a hint only if it is strict', async () => {
    await using files = await workspace({ 'policy.yaml': UNUSED_ROLE });

    expect((await withConfig(files, 'lint')).code).toBe(0);
    expect((await withConfig(files, 'lint', '--strict')).code).toBe(1);
  });
});

describe('fairlead schema', () => {
  it('finds a schema that is not up to date, and changes nothing', async () => {
    await using files = await workspace({ 'schemas/broker.schema.json': '{}' });

    const { code, stdout } = await files.fairlead(['schema', '--check', '--dir', files.path('schemas')]);

    expect(code).toBe(1);
    expect(stdout).toContain('schemas/broker.schema.json is not up to date; run npm run generate');
    expect(await readFile(files.path('schemas/broker.schema.json'), 'utf8')).toBe('{}');
  });
});

describe('fairlead registry-config', () => {
  it('exits with 2 for a service that is not configured', async () => {
    await using files = await workspace();

    const { code, stderr } = await withConfig(files, 'registry-config', '--service', 'x');

    expect(code).toBe(2);
    expect(stderr).toContain(`the service "x" is not configured; expected one of ${SERVICE}`);
  });
});

describe('fairlead doctor', () => {
  it.each(['registry.example.com', 'ftp://registry.example.com'])('exits with 2 for the address %s', async (url) => {
    await using files = await workspace();

    const { code, stderr } = await withConfig(files, 'doctor', '--registry', url);

    expect(code).toBe(2);
    expect(stderr).toContain(`"${url}" is not a URL; expected http://HOST:PORT or https://HOST`);
  });
});

describe('fairlead flush', () => {
  it('exits with 1 when the broker refuses', async () => {
    await using files = await workspace();
    await using resources = new AsyncDisposableStack();
    resources.use(await openTestApi(files.config));

    expect((await withConfig(files, 'flush', '--backend', 'local')).code).toBe(0);
    const { code, stdout, stderr } = await withConfig(files, 'flush', '--backend', 'other');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('no backend "other"');
  });

  it('exits with 2 when no broker runs', async () => {
    await using files = await workspace();

    const { code, stderr } = await withConfig(files, 'flush');

    expect(code).toBe(2);
    expect(stderr).toMatch(/^fairlead: no .*broker.* answers at state\/control:/);
  });
});

describe('fairlead explain --running', () => {
  it('explains the policy that is in force, not that of the file', async () => {
    await using files = await workspace();
    await using resources = new AsyncDisposableStack();
    resources.use(await openTestApi(files.config));
    await files.write('policy.yaml', 'rules: []\n');
    const question = ['explain', '--user', 'alice', '--scope', 'repository:web/a:pull'];

    const file = await withConfig(files, ...question);
    const running = await withConfig(files, ...question, '--running');
    const denied = await withConfig(files, 'explain', '--scope', 'repository:web/a:pull', '--running');

    expect([file.code, running.code, denied.code]).toEqual([1, 0, 1]);
    expect(running.stdout).toMatch(
      /^policy [0-9a-f]{12}, in force at the running broker\nuser alice, from backend local, groups: team-web\n.* grants pull\n/,
    );
    expect(denied.stdout).toMatch(/\nanonymous\n.* grants nothing\n/);
  });

  it('exits with 2 when the broker refuses the question, and when none runs', async () => {
    await using files = await workspace();
    const question = ['explain', '--user', 'nobody', '--scope', 'repository:web/a:pull', '--running'];
    const absent = await withConfig(files, ...question);
    await using resources = new AsyncDisposableStack();
    resources.use(await openTestApi(files.config));

    const refused = await withConfig(files, ...question);

    expect([absent.code, refused.code]).toEqual([2, 2]);
    expect(absent.stderr).toContain('no running broker answers');
    expect(refused.stderr).toContain('no backend has this user');
  });
});

describe('fairlead api', () => {
  it('sends a body from an option or from standard input, and prints the answer', async () => {
    await using files = await workspace();
    await using resources = new AsyncDisposableStack();
    const api = resources.use(await openTestApi(files.config));

    const one = await withConfig(files, 'api', 'POST', '/flush', '--data', '{"backend":"local"}');
    const piped = await files.fairlead(['api', 'POST', '/api/v1/flush', '--data', '-', '--config', files.config], '{}');

    expect([one.code, piped.code]).toEqual([0, 0]);
    expect(JSON.parse(one.stdout)).toMatchObject({ backend: 'local' });
    expect(api.calls).toEqual(['flush local', 'flush all']);
  });

  it('exits with 1 when the broker refuses, and prints why', async () => {
    await using files = await workspace();
    await using resources = new AsyncDisposableStack();
    resources.use(await openTestApi(files.config));

    const { code, stdout } = await withConfig(files, 'api', 'GET', '/nothing');

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 404, code: 'unknown-operation' });
  });

  it.each([
    [['GET', 'status'], 'is no path'],
    [['GET', '/status', '--data', '{}'], '--data is the body of a POST; a GET has none'],
    [['POST', '/flush', '--data', '{'], 'the body is not JSON'],
    [['GET', '/status'], 'no running broker answers'],
  ])('exits with 2 for %j', async (args, message) => {
    await using files = await workspace();

    const { code, stderr } = await withConfig(files, 'api', ...args);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('fairlead tokens', () => {
  const token = (username: string): RefreshToken => ({
    service: SERVICE,
    backend: 'local',
    subject: username,
    login: username,
    username,
    client: '192.0.2.7',
    clientId: 'docker',
    createdAt: systemClock.now(),
    usedAt: systemClock.now(),
    expiresAt: systemClock.now() + 600,
  });

  async function withTokens(...users: readonly string[]): Promise<Workspace> {
    const services = { [SERVICE]: { refreshTokens: {} } };
    const files = await workspace({ 'broker.yaml': JSON.stringify({ ...CONFIG, services }) });
    await using opened = await openTokenStores(
      { stateDir: join(files.folder, 'state') },
      { clock: systemClock, log: recordingLog() },
    );
    for (const user of users) await opened.refreshTokens.put(`${user}-digest-0123456789`, token(user), 600);
    return files;
  }

  it('list prints the tokens of one user', async () => {
    await using files = await withTokens('alice', 'bob');

    const { code, stdout } = await withConfig(files, 'tokens', 'list', '--user', 'alice');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^ID +USER +SERVICE .*\nalice-digest +alice +registry\.example\.com +local .*\(docker\)\n$/);
  });

  it('revoke ends the tokens of one user and leaves those of others', async () => {
    await using files = await withTokens('alice', 'bob');

    const { code, stdout, stderr } = await withConfig(files, 'tokens', 'revoke', '--user', 'alice');

    expect({ code, stdout }).toEqual({ code: 0, stdout: `revoked alice-digest of alice for ${SERVICE}\n` });
    expect(stderr).toContain('fairlead: the broker did not log the revocation:');
    expect((await withConfig(files, 'tokens', 'list')).stdout).toMatch(/bob-digest/);
    expect((await withConfig(files, 'tokens', 'list')).stdout).not.toMatch(/alice-digest/);
  });

  it('work at the broker that runs: it removes the records, logs them, and gives out no earlier token', async () => {
    await using files = await withTokens('alice', 'bob');
    const { config } = await loadBroker(files.config);
    await using records = await openRecords(config, { clock: systemClock, log: recordingLog() });
    await using api = await openTestApi(files.config, { records });

    const listed = await withConfig(files, 'tokens', 'list');
    const { code, stdout, stderr } = await withConfig(files, 'tokens', 'revoke', '--user', 'alice');
    const byId = await withConfig(files, 'tokens', 'revoke', 'bob-digest-0', 'unknown');

    expect(listed.stdout).toMatch(/alice-digest[\s\S]*bob-digest-0/);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `revoked alice-digest of alice for ${SERVICE}\n`,
      stderr: '',
    });
    expect(byId).toMatchObject({ code: 1, stderr: 'fairlead: there is no token unknown\n' });
    expect(api.calls.slice(0, 3)).toEqual(['revoked', 'end logins', 'revoked']);
    expect(api.audit.events).toContainEqual(
      expect.objectContaining({ type: 'refresh-token', outcome: 'revoked', username: 'alice' }),
    );
  });

  it('work on the records when the broker that runs does not answer, and say that it was not reached', async () => {
    await using files = await withTokens('alice');
    await using resources = new AsyncDisposableStack();
    resources.use(
      await openOwnControlSocket(
        files.path('state'),
        createServer((_request, response) => response.destroy()),
      ),
    );

    const { code, stdout, stderr } = await withConfig(files, 'tokens', 'revoke', '--all');

    expect({ code, stdout }).toEqual({ code: 1, stdout: `revoked alice-digest of alice for ${SERVICE}\n` });
    expect(stderr).toMatch(/the broker did not log the revocation: the broker at .*\.sock does not answer in time/);
  });

  it('revoke exits with 1 for an id that does not exist', async () => {
    await using files = await withTokens('alice');

    const { code, stderr } = await withConfig(files, 'tokens', 'revoke', 'no-such-id');

    expect(code).toBe(1);
    expect(stderr).toContain('fairlead: there is no token no-such-id');
    expect((await withConfig(files, 'tokens', 'list')).stdout).toMatch(/alice-digest/);
  });

  it.each([[[]], [['id', '--all']], [['--user', 'alice', '--all']]])(
    'revoke %j exits with 2 and ends none',
    async (options) => {
      await using files = await withTokens('alice');

      const { code, stderr } = await withConfig(files, 'tokens', 'revoke', ...options);

      expect(code).toBe(2);
      expect(stderr).toContain('expected one of: ids that `fairlead tokens list` prints; --user; --all');
      expect((await withConfig(files, 'tokens', 'list')).stdout).toMatch(/alice-digest/);
    },
  );
});
