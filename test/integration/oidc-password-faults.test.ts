/** Answers of providers when something is wrong: each is a wrong password, a wrong configuration or an outage. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../src/core/errors.ts';
import type { AuthnOutcome } from '../../src/core/ports.ts';
import { recordingLog } from '../support/fakes.ts';
import { createOidcBackend, login } from '../support/oidc-backend.ts';
import type { BackendOptions } from '../support/oidc-backend.ts';
import { FOREIGN_KEY, startScriptedProvider } from '../support/scripted-openid-provider.ts';
import type { Answer, Endpoint, ScriptedProvider } from '../support/scripted-openid-provider.ts';
import { shielded } from '../support/shielded.ts';
import { MACHINE_MS } from '../support/wait.ts';

const PASSWORD = 'alice-knows-this-1';
const CLIENT_SECRET = 'secret-of-the-registry-client';
const HTML = { headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' };
const REDIRECT = { status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' } };

/** Starts a provider, sets its answers, and logs alice in. */
async function attempt(
  script: (provider: ScriptedProvider) => void,
  options: Partial<BackendOptions> = {},
): Promise<{
  readonly outcome: AuthnOutcome | BrokerError;
  readonly calls: readonly Endpoint[];
  readonly log: string;
}> {
  await using provider = await startScriptedProvider();
  script(provider);
  const log = recordingLog();
  await using backend = await createOidcBackend({
    issuer: provider.issuer,
    clientSecret: CLIENT_SECRET,
    log,
    ...options,
  });
  const outcome = await login(backend, 'alice', PASSWORD).catch((error: unknown) => {
    if (error instanceof BrokerError) return error;
    throw error;
  });
  return { outcome, calls: provider.calls(), log: inspect(log.lines, { depth: Infinity }) };
}

/** A short time limit for a provider that does not answer. One that does may need more on a busy machine. */
const limitFor = (answer: Answer): Readonly<Record<string, unknown>> =>
  typeof answer === 'string' ? { timeout: '1s' } : {};

function expectOutage(outcome: AuthnOutcome | BrokerError, message: RegExp): void {
  expect(outcome).toBeInstanceOf(BrokerError);
  expect(outcome).toMatchObject({ code: 'backend_unavailable', message: expect.stringMatching(message) });
}

const oauthError = (status: number, error: string, description?: string): Answer => ({
  status,
  body: { error, ...(description === undefined ? {} : { error_description: description }) },
});

describe('a provider in order', () => {
  it('logs alice in', async () => {
    const { outcome, calls } = await attempt(() => undefined);

    expect(outcome).toMatchObject({ kind: 'authenticated', identity: { username: 'alice' } });
    expect(calls).toEqual(['discovery', 'token', 'jwks']);
  });
});

describe('wrong passwords for one user of a provider', () => {
  it('share one budget in whichever spelling the name is typed', async () => {
    await using provider = await startScriptedProvider();
    provider.answer('token', oauthError(400, 'invalid_grant'));
    await using backend = await createOidcBackend({ issuer: provider.issuer, clientSecret: CLIENT_SECRET });
    const logIn = shielded(backend);

    const words: string[] = [];
    for (const [index, typed] of ['alice', 'Alice', 'ALICE', 'aLICE', ' alice', '\uFF41lice'].entries()) {
      words.push(await logIn(typed, `guess-${index}`));
    }

    expect(provider.calls().filter((endpoint) => endpoint === 'token')).toHaveLength(2);
    // One site may use two of the three wrong passwords.
    expect(words.slice(2)).toEqual([
      'too-many-attempts (account)',
      'too-many-attempts (account)',
      'too-many-attempts (name)',
      'too-many-attempts (name)',
    ]);
  });

  it('are cached only for the spelling with which they were sent', async () => {
    await using provider = await startScriptedProvider();
    provider.answer('token', oauthError(400, 'invalid_grant'));
    await using backend = await createOidcBackend({ issuer: provider.issuer, clientSecret: CLIENT_SECRET });
    const logIn = shielded(backend);
    await logIn('Alice', PASSWORD);
    provider.repair();

    expect(await logIn('alice', PASSWORD)).toBe('authenticated');
  });
});

describe('acceptance 17: an answer that is not valid', () => {
  it.each<[string, Answer, RegExp]>([
    ['a page in HTML', HTML, /content-type/],
    ['a page in HTML with status 400', { ...HTML, status: 400 }, /answered 400/],
    ['a page in HTML with status 401', { ...HTML, status: 401 }, /answered 401/],
    ['a redirect', REDIRECT, /answered 302/],
    ['500', { status: 500 }, /answered 500/],
    ['500 with invalid_grant', oauthError(500, 'invalid_grant'), /answered 500/],
    ['503', { status: 503, ...HTML }, /answered 503/],
    ['JSON that breaks off', { body: '{"access_token":"abc' }, /JSON/],
    ['a list', { body: [] }, /object/],
    ['nothing at all', { body: '' }, /JSON/],
    ['an object without tokens', { body: {} }, /access_token/],
    ['tokens without an ID token', { body: { access_token: 'abc', token_type: 'Bearer' } }, /no ID token/],
    ['403 without a body', { status: 403, headers: {} }, /answered 403/],
    ['more than it should be', { body: { access_token: 'x'.repeat(300_000) } }, /longer than/],
    ['silence', 'hang', /in time/],
    ['an answer that never ends', 'trickle', /in time/],
  ])('is an outage when the token endpoint gives %s', async (_what, answer, message) => {
    const started = performance.now();
    const { outcome } = await attempt((provider) => provider.answer('token', answer), { config: limitFor(answer) });

    expectOutage(outcome, message);
    expect(performance.now() - started).toBeLessThan(1000 + MACHINE_MS);
  });

  it.each<[string, Answer, RegExp]>([
    ['a page in HTML', HTML, /expected a JSON object/],
    ['a redirect', REDIRECT, /answered 302/],
    ['404', { status: 404 }, /answered 404/],
    ['401 invalid_grant', oauthError(401, 'invalid_grant'), /answered 401/],
    ['another issuer', { body: { issuer: 'https://other.example' } }, /issuer/],
    ['silence', 'hang', /in time/],
  ])('is an outage when discovery gives %s, and no password is sent', async (_what, answer, message) => {
    const { outcome, calls } = await attempt((provider) => provider.answer('discovery', answer), {
      config: limitFor(answer),
    });

    expectOutage(outcome, message);
    expect(calls).toEqual(['discovery']);
  });

  it('is an outage when an endpoint would leave the machine in plain text', async () => {
    const { outcome, calls } = await attempt((provider) => {
      const { issuer } = provider;
      const body = { issuer, token_endpoint: 'http://id.example.com/token', jwks_uri: `${issuer}/jwks` };
      provider.answer('discovery', { body });
    });

    expectOutage(outcome, /an endpoint that is not https/);
    expect(calls).toEqual(['discovery']);
  });

  it.each<[string, Answer]>([
    ['403, even where that is how the token endpoint refuses', { status: 403 }],
    ['401 invalid_grant', oauthError(401, 'invalid_grant')],
    ['a challenge', { status: 401, headers: { 'www-authenticate': 'Bearer error="access_denied"' } }],
    ['no keys', { body: { keys: [] } }],
    ['silence', 'hang'],
  ])('is an outage when the keys are %s', async (_what, answer) => {
    const { outcome } = await attempt((provider) => provider.answer('jwks', answer), {
      config: { deniedStatus: [403], ...limitFor(answer) },
    });

    expectOutage(outcome, /keys|key/);
  });

  it.each<[string, Answer]>([
    ['401', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }],
    ['a page in HTML', HTML],
    ['claims of another user', { body: { sub: 'id-of-bob', groups: ['admins'] } }],
    ['silence', 'hang'],
  ])('is an outage when userinfo, which is needed for groups, gives %s', async (_what, answer) => {
    const script = (provider: ScriptedProvider): void => {
      provider.answer('token', provider.tokens(provider.sign(provider.claims({ groups: undefined }))));
      provider.answer('userinfo', answer);
    };
    const { outcome } = await attempt(script, { config: limitFor(answer) });

    expectOutage(outcome, /userinfo/);
  });
});

describe('acceptance 17: an ID token', () => {
  it.each<[string, (provider: ScriptedProvider) => string, RegExp]>([
    ['is not signed', (provider) => provider.unsigned(provider.claims()), /alg/],
    [
      'is signed by HS256 with the public key',
      (provider) => provider.signWithPublicKey(provider.claims()),
      /algorithm/,
    ],
    ['is signed with another key', (provider) => provider.sign(provider.claims(), FOREIGN_KEY), /signature/],
    ['has another issuer', (provider) => provider.sign(provider.claims({ iss: 'https://evil.example' })), /iss/],
    ['has another audience', (provider) => provider.sign(provider.claims({ aud: 'other' })), /aud/],
    [
      'has many audiences and another party',
      (provider) => provider.sign(provider.claims({ aud: ['registry', 'b'], azp: 'b' })),
      /azp/,
    ],
    ['has expired', (provider) => provider.sign(provider.claims({ exp: Math.floor(Date.now() / 1000) - 60 })), /exp/],
    ['does not expire', (provider) => provider.sign(provider.claims({ exp: undefined })), /exp/],
    ['has no subject', (provider) => provider.sign(provider.claims({ sub: undefined })), /sub/],
    ['is no token', () => 'not.a-token', /JWT/],
  ])('proves nothing when it %s', async (_what, forge, message) => {
    const { outcome, log } = await attempt((provider) => provider.answer('token', provider.tokens(forge(provider))));

    expectOutage(outcome, message);
    expect(log).toContain('answer of the OpenID provider not valid');
    expect(log).not.toMatch(/eyJ[\w-]{8}/);
    expect(inspect(outcome, { depth: Infinity })).not.toMatch(/eyJ[\w-]{8}|access-token-of-alice/);
  });

  it('may be a few seconds past its time, as clocks differ', async () => {
    const { outcome } = await attempt((provider) => {
      const exp = Math.floor(Date.now() / 1000) - 5;
      provider.answer('token', provider.tokens(provider.sign(provider.claims({ exp }))));
    });

    expect(outcome).toMatchObject({ kind: 'authenticated' });
  });
});

describe('claims', () => {
  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ['no user name', { preferred_username: undefined }, /has no claim preferred_username/],
    ['a user name that is a number', { preferred_username: 7 }, /not a user name/],
    ['an empty user name', { preferred_username: '' }, /not a user name/],
    ['a user name with a line break', { preferred_username: 'alice\n' }, /not a user name/],
    ['a group that is a number', { groups: ['team-web', 7] }, /claim groups/],
    ['groups that are an object', { groups: { web: true } }, /claim groups/],
    ['too many groups', { groups: Array.from({ length: 1001 }, (_, index) => `group-${index}`) }, /1001 groups/],
    ['groups kept elsewhere', { groups: undefined, _claim_names: { groups: 'src1' } }, /elsewhere/],
    ['Entra’s mark for too many groups', { groups: undefined, hasgroups: true }, /elsewhere/],
  ])('make no identity when there is %s', async (_what, changes, message) => {
    const { outcome, log } = await attempt((provider) => {
      provider.answer('token', provider.tokens(provider.sign(provider.claims(changes))));
      provider.answer('userinfo', { body: { sub: 'id-of-alice' } });
    });

    expectOutage(outcome, message);
    expect(log).toContain('make no identity');
  });

  it('give one group when it is a text', async () => {
    const { outcome } = await attempt((provider) => {
      provider.answer('token', provider.tokens(provider.sign(provider.claims({ groups: 'team-web' }))));
    });

    expect(outcome).toMatchObject({ identity: { groups: new Set(['team-web']) } });
  });
});

describe('acceptance 17: a refusal', () => {
  it.each<[string, Answer, string]>([
    ['Keycloak’s 401 invalid_grant', oauthError(401, 'invalid_grant', 'Invalid user credentials'), 'wrong-password'],
    ['400 invalid_grant', oauthError(400, 'invalid_grant'), 'wrong-password'],
    ['Dex’s 401 access_denied', oauthError(401, 'access_denied', 'Invalid username or password'), 'wrong-password'],
    [
      'invalid_grant below a challenge',
      {
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="id"', 'content-type': 'application/json' },
        body: { error: 'invalid_grant' },
      },
      'wrong-password',
    ],
    [
      'invalid_grant that says it is text',
      { ...HTML, status: 400, body: '{"error":"invalid_grant"}' },
      'wrong-password',
    ],
    ['Keycloak’s disabled account', oauthError(400, 'invalid_grant', 'Account disabled'), 'disabled'],
    [
      'Keycloak’s required action',
      oauthError(400, 'invalid_grant', 'Account is not fully set up'),
      'must-change-password',
    ],
    ['Auth0’s mfa_required', oauthError(403, 'mfa_required', 'Multifactor authentication required'), 'mfa-required'],
    ['Entra’s wrong password', oauthError(400, 'invalid_grant', 'AADSTS50126: Error validating'), 'wrong-password'],
    ['Entra’s MFA', oauthError(400, 'invalid_grant', 'AADSTS50076: Due to a change'), 'mfa-required'],
    ['Entra’s locked account', oauthError(400, 'invalid_grant', 'AADSTS50053: Too many'), 'locked'],
  ])('of the user is rejected: %s', async (_what, answer, reason) => {
    const { outcome, log } = await attempt((provider) => provider.answer('token', answer));

    expect(outcome).toMatchObject({ kind: 'rejected', reason });
    expect(log).toBe('[]');
  });

  it('is rejected without an error code only where the configuration says what that means', async () => {
    const silent = (provider: ScriptedProvider): void => provider.answer('token', { status: 403, headers: {} });

    const configured = await attempt(silent, { config: { deniedStatus: [403] } });
    const unconfigured = await attempt(silent);

    expect(configured.outcome).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    expectOutage(unconfigured.outcome, /answered 403/);
  });

  it.each<[string, Answer, RegExp]>([
    ['invalid_client', oauthError(401, 'invalid_client'), /client\.secret/],
    ['unauthorized_client', oauthError(400, 'unauthorized_client'), /password grant/],
    [
      'Keycloak’s wrong secret',
      oauthError(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
      /client\.secret/,
    ],
    [
      'Keycloak’s client without consent',
      oauthError(400, 'invalid_client', 'Client requires user consent'),
      /administrator consent/,
    ],
    ['unsupported_grant_type', oauthError(400, 'unsupported_grant_type'), /password grant/],
    ['invalid_scope', oauthError(400, 'invalid_scope'), /scope/],
    ['Dex’s unknown scope', oauthError(400, 'invalid_request', 'Unrecognized scope(s) ["team"]'), /set scope/],
    [
      'Entra’s wrong secret',
      oauthError(401, 'invalid_client', 'AADSTS7000215: Invalid client secret'),
      /client\.secret/,
    ],
  ])('of the broker itself is an outage with its cure: %s', async (_what, answer, cure) => {
    const { outcome, log } = await attempt((provider) => provider.answer('token', answer));

    expectOutage(outcome, cure);
    expect(log).toContain('nobody can log in');
  });

  it.each<[string, Answer]>([
    ['Dex whose directory is down', oauthError(400, 'invalid_request', 'Could not login user')],
    ['server_error', oauthError(400, 'server_error')],
    ['temporarily_unavailable', oauthError(400, 'temporarily_unavailable')],
    ['an unknown code', oauthError(400, 'constructor')],
    ['Entra’s passing trouble', oauthError(400, 'invalid_grant', 'AADSTS90033: A transient error')],
  ])('with another meaning is an outage: %s', async (_what, answer) => {
    const { outcome } = await attempt((provider) => provider.answer('token', answer));

    expectOutage(outcome, /answered 400/);
  });

  it.each([
    ['7', 7],
    ['86400', 120],
    ['-1', undefined],
    ['soon', undefined],
  ])('for too many requests says when to come back: Retry-After %s', async (header, retryAfter) => {
    const headers = { 'retry-after': header, 'content-type': 'application/json' };
    const { outcome } = await attempt((provider) => {
      provider.answer('token', { status: 429, headers, body: { error: 'invalid_grant' } });
    });

    expectOutage(outcome, /answered 429/);
    expect(outcome).toMatchObject({ retryAfter });
  });

  it('that repeats what was sent brings neither password nor client secret into errors and the log', async () => {
    const echo = `wrong: ${PASSWORD} of ${CLIENT_SECRET}`;
    const { outcome, log } = await attempt((provider) =>
      provider.answer('token', oauthError(400, 'invalid_client', echo)),
    );

    expectOutage(outcome, /wrong: \[secret\] of \[secret\]/);
    expect(`${inspect(outcome, { depth: Infinity })} ${log}`).not.toMatch(new RegExp(`${PASSWORD}|${CLIENT_SECRET}`));
  });
});
