/** `fairlead tokens` without a broker: what it accepts, refuses and prints. */
import { describe, expect, it } from 'vitest';
import { openTokenStores } from '../../../src/app/token-stores.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { encodeIdentity } from '../../../src/core/identity-record.ts';
import { accountKey } from '../../../src/core/signed-in-account.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { person } from '../../support/account-sources.ts';
import { recordingLog } from '../../support/fakes.ts';
import { CONFIG, SERVICE, workspace } from './workspace.ts';
import type { CommandResult, Workspace } from './workspace.ts';

const TOKENS = { ...CONFIG, personalTokens: {} };

const open = (config: Readonly<Record<string, unknown>> = TOKENS): Promise<Workspace> =>
  workspace({ 'broker.yaml': JSON.stringify(config) });

const tokens = (files: Workspace, args: readonly string[], stdin?: string): Promise<CommandResult> =>
  files.fairlead(['tokens', ...args, '--config', files.config], stdin);

async function created(files: Workspace, ...options: readonly string[]) {
  const { stdout } = await tokens(files, ['create', '--for', 'alice', '--format', 'json', ...options]);
  return JSON.parse(stdout) as { readonly token: string; readonly id: string };
}

/** A token of somebody whose last sign-in is too long ago. */
async function putAsleep(files: Workspace): Promise<void> {
  const { config } = await loadBroker(files.config);
  await using stores = await openTokenStores(config, { clock: systemClock, log: recordingLog() });
  const sleeper = person('sleeper');
  const { subject } = sleeper;
  const owner = { kind: 'account', backend: 'sso', subject, login: 'sleeper', username: 'sleeper' } as const;
  const now = systemClock.now();
  const account = { backend: 'sso', subject, identity: encodeIdentity(sleeper), lastSignIn: now - 31 * 86_400 };
  await stores.accounts.put(accountKey(account), account, 600);
  const token = { name: 'build', owner, createdAt: now, createdBy: 'sleeper', createdFrom: '', expiresAt: now + 600 };
  await stores.personalTokens.put('abcdef012345'.repeat(4), token, 600);
}

describe('fairlead tokens create', () => {
  it('makes a token although no broker runs, and warns that no log line records it', async () => {
    await using files = await open();

    const { code, stdout, stderr } = await tokens(files, ['create', '--for', 'alice', '--name', 'laptop']);

    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^flp_[0-9A-Za-z]{49}\n$/) });
    expect(stderr).toContain('warning: no broker runs, so that the audit trail does not have the new token');
  });

  it('makes none without its audit line where audit.onLoss is refuse', async () => {
    await using files = await open({ ...TOKENS, audit: { onLoss: 'refuse' } });

    const { code, stdout, stderr } = await tokens(files, ['create', '--for', 'alice']);
    const listed = await tokens(files, ['list']);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('no broker runs that could record the token: start it first');
    expect(listed.stdout).toBe('there are no tokens\n');
  });

  it.each<[string, readonly string[], string]>([
    ['an unknown user', ['--for', 'nobody'], 'no backend knows the user "nobody"'],
    ['an unknown backend', ['--for', 'alice', '--backend', 'x'], 'the backend "x" is not configured'],
    ['a limit without a registry', ['--for', 'alice', '--limit', 'web/** pull'], 'expected SERVICE PATTERN'],
    ['a limit for another registry', ['--for', 'alice', '--limit', 'x web/** pull'], 'the service "x" is not'],
    ['an unknown action', ['--for', 'alice', '--limit', `${SERVICE} web/** read`], 'found "read"'],
    ['a pattern with a placeholder', ['--for', 'alice', '--limit', `${SERVICE} {user}/** pull`], 'a placeholder'],
    ['limits and none', ['--for', 'alice', '--no-registries', '--limit', `${SERVICE} a pull`], 'found both'],
    ['a lifetime that is too long', ['--for', 'alice', '--expires', '366d'], 'at most 365 days'],
    ['a lifetime that is none', ['--for', 'alice', '--expires', 'soon'], 'expected a duration'],
    ['a network that is none', ['--for', 'alice', '--from', 'home'], 'home: expected an address or a CIDR'],
    ['a name that is too long', ['--for', 'alice', '--name', 'x'.repeat(65)], 'expected a name of 1 to 64'],
  ])('refuses %s, and stores nothing', async (_what, options, problem) => {
    await using files = await open();

    const { code, stdout, stderr } = await tokens(files, ['create', ...options]);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(problem);
    expect((await tokens(files, ['list'])).stdout).toBe('there are no tokens\n');
  });

  it('says how to switch personal tokens on where they are not offered', async () => {
    await using files = await open(CONFIG);

    const { code, stderr } = await tokens(files, ['create', '--for', 'alice']);

    expect(code).toBe(2);
    expect(stderr).toContain('add `personalTokens: {}` to the configuration');
  });
});

describe('fairlead tokens list', () => {
  it('shows what each token may do, and for JSON who made it', async () => {
    await using files = await open();
    const wide = await created(files);
    const narrow = await created(files, '--limit', `${SERVICE} web/**,api/* pull,push`, '--from', '10.0.0.0/8');
    const api = await created(files, '--no-registries', '--api', 'read', '--expires', '12h');
    const nothing = await created(files, '--no-registries');

    const { stdout } = await tokens(files, ['list']);
    const { personalTokens } = JSON.parse((await tokens(files, ['list', '--format', 'json'])).stdout) as {
      readonly personalTokens: readonly unknown[];
    };

    const mayDo = new Map(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(0, 12), line.replace(/^.*?Z +never +\S+Z +valid +/, '')]),
    );
    expect(mayDo.get(wide.id)).toBe('all the user may do');
    expect(mayDo.get(narrow.id)).toBe(`${SERVICE} web/**,api/* pull,push from 10.0.0.0/8`);
    expect(mayDo.get(api.id)).toBe('API: read');
    expect(mayDo.get(nothing.id)).toBe('nothing');
    expect(personalTokens).toContainEqual(expect.objectContaining({ id: api.id, api: 'read', createdBy: 'operator' }));
    expect(stdout + JSON.stringify(personalTokens)).not.toContain('flp_');
  });

  it('shows which tokens are asleep, and where a sign-in wakes them', async () => {
    const issuer = 'https://id.example.com';
    const client = { id: 'fairlead', secret: { file: 'client-secret' } };
    const sso = { name: 'sso', type: 'oidc-sign-in', issuer, client, accounts: { from: 'sign-in', every: '30d' } };
    const config = { ...TOKENS, backends: [...CONFIG.backends, sso], console: {} };
    await using files = await workspace({ 'broker.yaml': JSON.stringify(config), 'client-secret': 'x' });
    const before = await tokens(files, ['list']);
    const { id } = await created(files);
    const awake = await tokens(files, ['list']);
    await putAsleep(files);

    const { stdout } = await tokens(files, ['list']);
    const json = JSON.parse((await tokens(files, ['list', '--format', 'json'])).stdout) as {
      readonly personalTokens: readonly { readonly user: string; readonly asleep?: boolean }[];
    };

    expect(before.stdout + awake.stdout).not.toContain('asleep');
    expect(stdout).toMatch(new RegExp(`^${id} .* valid `, 'm'));
    expect(stdout).toMatch(/^[0-9a-f]{12} +sleeper .* asleep /m);
    expect(stdout).toMatch(/^asleep: valid again when the user signs in at http:\/\/localhost:5001\/sign-in$/m);
    expect(new Map(json.personalTokens.map(({ user, asleep }) => [user, asleep]))).toEqual(
      new Map([
        ['alice', undefined],
        ['sleeper', true],
      ]),
    );
  });

  it('shows the tokens of one user only, and none for one registry', async () => {
    await using files = await open();
    const { id } = await created(files);

    expect((await tokens(files, ['list', '--user', 'alice'])).stdout).toContain(id);
    expect((await tokens(files, ['list', '--user', 'bob'])).stdout).toBe('there are no tokens of bob\n');
    expect((await tokens(files, ['list', '--service', SERVICE])).stdout).toBe(`there are no tokens for ${SERVICE}\n`);
  });
});

describe('fairlead tokens revoke', () => {
  it('says that a user has nothing, and which spelling has something', async () => {
    await using files = await open();
    await created(files);

    const { code, stderr } = await tokens(files, ['revoke', '--user', 'Alice']);

    expect(code).toBe(1);
    expect(stderr).toContain('nobody named "Alice" has tokens or sessions; did you mean "alice"?');
  });

  it('ends one token by its id, those of a user, or all, and leaves others', async () => {
    await using files = await open();
    const [first, second] = [await created(files), await created(files)];

    const one = await tokens(files, ['revoke', first.id, 'no-such-id']);
    const ofService = await tokens(files, ['revoke', '--all', '--service', SERVICE]);
    const left = await tokens(files, ['list']);
    const user = await tokens(files, ['revoke', '--user', 'alice']);

    expect(one).toMatchObject({ code: 1, stdout: `revoked ${first.id} of alice, named token\n` });
    expect(one.stderr).toContain('there is no token no-such-id');
    expect(ofService).toMatchObject({ code: 1, stdout: '' });
    expect(left.stdout).toContain(second.id);
    expect(user).toMatchObject({ code: 0, stdout: `revoked ${second.id} of alice, named token\n` });
    expect((await tokens(files, ['list'])).stdout).toBe('there are no tokens\n');
  });
});

describe('fairlead tokens check-leak', () => {
  it('revokes what it finds, reports a number for each kind of find, and fails only then', async () => {
    await using files = await open();
    const { token, id } = await created(files);
    const damaged = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;

    const before = await tokens(files, ['check-leak', '--format', 'json'], `x ${damaged} y`);
    const found = await tokens(files, ['check-leak', '--format', 'json'], `${damaged}\n-u alice:${token}\n`);
    const again = await tokens(files, ['check-leak', '--format', 'json'], token);

    expect([before.code, found.code, again.code]).toEqual([0, 1, 0]);
    expect(JSON.parse(before.stdout)).toEqual({ found: 0, damaged: 1, revoked: [] });
    expect(JSON.parse(found.stdout)).toEqual({
      found: 1,
      damaged: 1,
      revoked: [{ kind: 'personal-token', id, user: 'alice', backend: 'local', name: 'token' }],
    });
    expect(JSON.parse(again.stdout)).toEqual({ found: 1, damaged: 0, revoked: [] });
    expect(found.stdout + found.stderr).not.toContain(token);
  });
});
