/** Which backends are sent a token, and which a password. */
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

it('sends a token only to backends for tokens', async () => {
  const passwords = [backend(undefined, authenticated('alice')), backend('passwords', authenticated('alice'))];
  const tokens = backend('tokens', authenticated('job'));

  const caller = await identifyWith([...passwords, tokens]).login('alice', TOKEN);

  expect(caller).toMatchObject({ kind: 'user', identity: { username: 'job' } });
  expect(passwords.map(({ seen }) => seen)).toEqual([[], []]);
  expect(tokens.seen).toEqual([`alice/${TOKEN}`]);
});

it('sends a password only to backends for passwords', async () => {
  const tokens = backend('tokens', authenticated('job'));
  const passwords = backend(undefined, authenticated('alice'));

  const caller = await identifyWith([tokens, passwords]).login('alice', 'a.pass.word');

  expect(caller).toMatchObject({ kind: 'user', identity: { username: 'alice' } });
  expect(tokens.seen).toEqual([]);
});

it('refuses a token that no backend accepts, and asks no backend for passwords', async () => {
  const tokens = [backend('tokens', UNKNOWN), backend('tokens', UNKNOWN)];
  const passwords = backend(undefined, authenticated('alice'));

  const refused = identifyWith([...tokens, passwords]).login('alice', TOKEN);

  await expect(refused).rejects.toMatchObject({ code: 'token_refused', message: 'unlisted-issuer' });
  expect(tokens.map(({ seen }) => seen.length)).toEqual([1, 1]);
  expect(passwords.seen).toEqual([]);
});

it('refuses a token when there is no backend for tokens', async () => {
  const passwords = backend(undefined, authenticated('alice'));

  const refused = identifyWith([passwords]).login('alice', TOKEN);

  await expect(refused).rejects.toMatchObject({ code: 'token_refused' });
  expect(passwords.seen).toEqual([]);
});

it('ends at the backend that the token belongs to, with its reason and details', async () => {
  const own = backend('tokens', { kind: 'rejected', reason: 'wrong-audience', detail: 'the audience is "x"' });
  const next = backend('tokens', authenticated('job'));

  const refused = identifyWith([own, next]).login('ci', TOKEN);

  await expect(refused).rejects.toMatchObject({
    code: 'token_refused',
    message: 'wrong-audience: the audience is "x"',
  });
  expect(next.seen).toEqual([]);
});

it('accepts a token without a user name, and no password without one', async () => {
  const tokens = backend('tokens', authenticated('job'), ['ci-*']);
  const passwords = backend(undefined, authenticated('alice'));
  const { login } = identifyWith([tokens, passwords]);

  await expect(login('', TOKEN)).resolves.toMatchObject({ identity: { username: 'job' } });
  await expect(login('', 'password')).rejects.toMatchObject({ code: 'invalid_credentials' });
  expect(passwords.seen).toEqual([]);
});

it('respects the usernames of a backend for tokens when there is a user name', async () => {
  const tokens = backend('tokens', authenticated('job'), ['ci-*']);
  const { login } = identifyWith([tokens]);

  await expect(login('ci-web', TOKEN)).resolves.toMatchObject({ kind: 'user' });
  await expect(login('alice', TOKEN)).rejects.toMatchObject({ code: 'token_refused' });
});

it.each([
  ['before', 'release-bot'],
  ['behind', 'release-bot'],
  ['behind', 'Release-Bot'],
])('gives no token the name of a user of a backend %s its own: %s', async (place, name) => {
  const usersNamed = (asked: string) => (asked.toLowerCase() === 'release-bot' ? ['release-bot'] : []);
  const file = fakeBackend(UNKNOWN, { name: 'robots', usersNamed });
  const jobs = fakeBackend(authenticated(name, 'ci'), { name: 'ci', accepts: 'tokens' });
  const others = fakeBackend(authenticated('web-job', 'ci'), { name: 'ci', accepts: 'tokens' });
  const inOrder = (tokens: FakeBackend) => (place === 'before' ? [file, tokens] : [tokens, file]);

  await expect(identifyWith(inOrder(jobs)).login('ci', TOKEN)).rejects.toMatchObject({
    code: 'token_refused',
    message: expect.stringContaining(`ambiguous: ${name} is a user of robots`),
  });
  expect(await identifyWith(inOrder(others)).login('ci', TOKEN)).toMatchObject({ identity: { username: 'web-job' } });
});

it('sends passwords through the shield, and tokens not', async () => {
  const asked: string[] = [];
  const shield: Shield = {
    ...noShield,
    begin: (credential, client) => ({
      ...noShield.begin(credential, client),
      ask: (authenticator, deadline) => {
        asked.push(credential.password.reveal());
        return noShield.begin(credential, client).ask(authenticator, deadline);
      },
    }),
  };
  const backends = [backend('tokens', UNKNOWN), backend(undefined, UNKNOWN)];
  const { login } = identifyWith(backends, shield);

  await expect(login('alice', TOKEN)).rejects.toThrow();
  expect(asked).toEqual([]);

  await expect(login('alice', 'password')).rejects.toThrow();
  expect(asked).toEqual(['password']);
});
