/** A provider that recovers, sessions that end late or not at all, and the report of a probe. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createOidcBackend, login } from '../support/oidc-backend.ts';
import { startScriptedProvider } from '../support/scripted-openid-provider.ts';
import type { Answer, Endpoint } from '../support/scripted-openid-provider.ts';
import { waitFor } from '../support/wait.ts';

const PASSWORD = 'alice-knows-this-1';
const HTML = { headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' };
const REDIRECT = { status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' } };

describe('acceptance 17: a provider that recovers', () => {
  it.each<[Endpoint, Answer]>([
    ['discovery', { status: 503 }],
    ['discovery', HTML],
    ['discovery', 'hang'],
    ['token', 'hang'],
    ['token', REDIRECT],
    ['jwks', { body: { keys: [] } }],
    ['jwks', { status: 500 }],
  ])('logs the next user in after its %s endpoint was broken (%j)', async (endpoint, broken) => {
    await using provider = await startScriptedProvider();
    // Short where the provider does not answer; otherwise, a busy machine may need more.
    const config = broken === 'hang' ? { timeout: '2s' } : {};
    await using backend = await createOidcBackend({ issuer: provider.issuer, config });
    provider.answer(endpoint, broken);
    await expect(login(backend, 'alice', PASSWORD)).rejects.toMatchObject({ code: 'backend_unavailable' });

    provider.repair();
    const outcome = await login(backend, 'alice', PASSWORD);

    expect(outcome.kind).toBe('authenticated');
  });

  it('is not asked for its metadata by each of many logins while it fails', async () => {
    await using provider = await startScriptedProvider();
    await using backend = await createOidcBackend({ issuer: provider.issuer });
    provider.answer('discovery', { status: 503 });

    const attempts = await Promise.allSettled(Array.from({ length: 50 }, () => login(backend, 'alice', PASSWORD)));

    expect(attempts.every(({ status }) => status === 'rejected')).toBe(true);
    // Once for the first, once more for those who came while it was asked.
    expect(provider.calls()).toEqual(['discovery', 'discovery']);
  });
});

describe('a session at the provider', () => {
  it('is not ended before userinfo has been asked: the access token may end with it', async () => {
    await using provider = await startScriptedProvider();
    const idToken = provider.sign(provider.claims({ groups: undefined }));
    const good = { access_token: 'a', token_type: 'Bearer', refresh_token: 'r' };
    provider.answer('token', { body: { ...good, id_token: idToken } });
    provider.answer('userinfo', 'hang');
    const backend = await createOidcBackend({ issuer: provider.issuer, config: { timeout: '1s' } });

    await expect(login(backend, 'alice', PASSWORD)).rejects.toMatchObject({ code: 'backend_unavailable' });
    const asked = provider.calls();
    await backend[Symbol.asyncDispose]();

    expect(asked.at(-1)).toBe('userinfo');
    expect(provider.calls().at(-1)).toBe('revocation');
  });

  it('that cannot be ended causes one warning, and does not delay the login', async () => {
    await using provider = await startScriptedProvider();
    const log = recordingLog();
    const refreshToken = 'refresh-token-of-alice';
    const good = { access_token: 'a', token_type: 'Bearer', refresh_token: refreshToken };
    provider.answer('token', { body: { ...good, id_token: provider.sign(provider.claims()) } });
    provider.answer('revocation', 'hang');
    await using backend = await createOidcBackend({ issuer: provider.issuer, log });

    const outcomes = [await login(backend, 'alice', PASSWORD), await login(backend, 'alice', PASSWORD)];
    // The warning comes when the provider has not answered in time.
    const linesBefore = log.lines.length;
    await waitFor('the warning', () => log.lines.length > 0);

    expect(outcomes.map(({ kind }) => kind)).toEqual(['authenticated', 'authenticated']);
    expect(linesBefore).toBe(0);
    await backend[Symbol.asyncDispose]();
    expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('sessions stay open') }]);
    expect(inspect(log.lines, { depth: Infinity })).not.toContain(refreshToken);
  });
});

describe('a probe', () => {
  it('asks for metadata at most every few seconds, and says what is wrong', async () => {
    await using provider = await startScriptedProvider();
    await using backend = await createOidcBackend({ issuer: provider.issuer });
    const probe = () => backend.probe(deadlineIn(realClock, 2000));

    const up = [await probe(), await probe(), await probe()];
    await using broken = await startScriptedProvider();
    broken.answer('discovery', HTML);
    await using other = await createOidcBackend({ issuer: broken.issuer });
    const down = await other.probe(deadlineIn(realClock, 2000));

    expect(up).toEqual([{ state: 'up' }, { state: 'up' }, { state: 'up' }]);
    expect(provider.calls()).toEqual(['discovery']);
    expect(down).toMatchObject({ state: 'down', detail: expect.stringContaining('expected a JSON object') });
  });
});
