/** Which backends see a token, and which see a password. */
import { expect, it } from 'vitest';
import { Secret } from '../../../src/core/identity.ts';
import type { AuthnOutcome } from '../../../src/core/ports.ts';
import { createIdentify } from '../../../src/flows/identify.ts';
import type { Identify } from '../../../src/flows/identify.ts';
import type { Shield } from '../../../src/flows/shield/shield.ts';
import { authenticated, fakeBackend, UNKNOWN } from '../../support/fake-backend.ts';
import type { FakeBackend } from '../../support/fake-backend.ts';
import { fixedClock, noShield, noWaiting, recordingAudit } from '../../support/fakes.ts';

const TOKEN = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.x`;
const REQUEST = { requestId: 'id-1', client: '192.0.2.1' };

function backend(
  accepts: 'passwords' | 'tokens' | undefined,
  outcome: AuthnOutcome,
  usernames?: readonly string[],
): FakeBackend {
  return fakeBackend(outcome, {
    ...(accepts === undefined ? {} : { accepts }),
    ...(usernames === undefined ? {} : { usernames }),
  });
}

function identifyWith(backends: readonly FakeBackend[], shield: Shield = noShield) {
  const audit = recordingAudit();
  const identify: Identify = createIdentify({
    backends: backends.map(({ chained }) => chained),
    clock: fixedClock(),
    timer: noWaiting,
    audit,
    shield,
  });
  const login = (name: string, password: string) =>
    identify({ username: name, password: new Secret(password) }, REQUEST);
  return { login, audit };
}

it('offers a token to the backends for tokens only', async () => {
  const passwords = [backend(undefined, authenticated('alice')), backend('passwords', authenticated('alice'))];
  const tokens = backend('tokens', authenticated('job'));

  const caller = await identifyWith([...passwords, tokens]).login('alice', TOKEN);

  expect(caller).toMatchObject({ kind: 'user', identity: { username: 'job' } });
  expect(passwords.map(({ seen }) => seen)).toEqual([[], []]);
  expect(tokens.seen).toEqual([`alice/${TOKEN}`]);
});

it('offers a password to the other backends only', async () => {
  const tokens = backend('tokens', authenticated('job'));
  const passwords = backend(undefined, authenticated('alice'));

  const caller = await identifyWith([tokens, passwords]).login('alice', 'a.pass.word');

  expect(caller).toMatchObject({ kind: 'user', identity: { username: 'alice' } });
  expect(tokens.seen).toEqual([]);
});

it('refuses a token that no backend takes, and asks no other', async () => {
  const tokens = [backend('tokens', UNKNOWN), backend('tokens', UNKNOWN)];
  const passwords = backend(undefined, authenticated('alice'));

  const refused = identifyWith([...tokens, passwords]).login('alice', TOKEN);

  await expect(refused).rejects.toMatchObject({ code: 'token_refused', message: 'unlisted-issuer' });
  expect(tokens.map(({ seen }) => seen.length)).toEqual([1, 1]);
  expect(passwords.seen).toEqual([]);
});

it('refuses a token where there is no backend for tokens', async () => {
  const passwords = backend(undefined, authenticated('alice'));

  const refused = identifyWith([passwords]).login('alice', TOKEN);

  await expect(refused).rejects.toMatchObject({ code: 'token_refused' });
  expect(passwords.seen).toEqual([]);
});

it('stops at the backend whose token it is, with its reason and more', async () => {
  const own = backend('tokens', { kind: 'rejected', reason: 'wrong-audience', detail: 'the audience is "x"' });
  const next = backend('tokens', authenticated('job'));

  const refused = identifyWith([own, next]).login('ci', TOKEN);

  await expect(refused).rejects.toMatchObject({
    code: 'token_refused',
    message: 'wrong-audience: the audience is "x"',
  });
  expect(next.seen).toEqual([]);
});

it('needs no name beside a token, and one beside a password', async () => {
  const tokens = backend('tokens', authenticated('job'), ['ci-*']);
  const passwords = backend(undefined, authenticated('alice'));
  const { login } = identifyWith([tokens, passwords]);

  await expect(login('', TOKEN)).resolves.toMatchObject({ identity: { username: 'job' } });
  await expect(login('', 'password')).rejects.toMatchObject({ code: 'invalid_credentials' });
  expect(passwords.seen).toEqual([]);
});

it('keeps to the usernames of a backend for tokens where a name was typed', async () => {
  const tokens = backend('tokens', authenticated('job'), ['ci-*']);
  const { login } = identifyWith([tokens]);

  await expect(login('ci-web', TOKEN)).resolves.toMatchObject({ kind: 'user' });
  await expect(login('alice', TOKEN)).rejects.toMatchObject({ code: 'token_refused' });
});

it('keeps tokens from the shield, which remembers and counts passwords', async () => {
  const asked: string[] = [];
  const shield: Shield = {
    ...noShield,
    authenticate: (authenticator, credential, deadline, client) => {
      asked.push(credential.password.reveal());
      return noShield.authenticate(authenticator, credential, deadline, client);
    },
    noteUnknown: async () => {
      asked.push('counted');
      return false;
    },
  };
  const backends = [backend('tokens', UNKNOWN), backend(undefined, UNKNOWN)];
  const { login } = identifyWith(backends, shield);

  await expect(login('alice', TOKEN)).rejects.toThrow();
  expect(asked).toEqual([]);

  await expect(login('alice', 'password')).rejects.toThrow();
  expect(asked).toEqual(['password', 'counted']);
});

it('shows no backend a refresh token that came in the password’s place', async () => {
  const [tokens, passwords] = [backend('tokens', UNKNOWN), backend(undefined, authenticated('alice'))];
  const { login } = identifyWith([tokens, passwords]);

  const refused = login('<token>', `flr_${'x'.repeat(43)}`);

  await expect(refused).rejects.toMatchObject({ code: 'invalid_credentials', message: 'misplaced-refresh-token' });
  expect([tokens.seen, passwords.seen]).toEqual([[], []]);
  expect(await login('alice', `flr_${'x'.repeat(42)}`)).toMatchObject({ kind: 'user' });
});
