/** Members of a provider's answers that a login does not use, in every form that providers send: none breaks a login. */
import { describe, expect, it } from 'vitest';
import type { AuthnOutcome } from '../../src/core/ports.ts';
import { createOidcBackend, login } from '../support/oidc-backend.ts';
import { PUBLISHED_KEY, startScriptedProvider } from '../support/scripted-openid-provider.ts';
import type { ScriptedProvider } from '../support/scripted-openid-provider.ts';

const PASSWORD = 'alice-knows-this-1';
const ALICE = { kind: 'authenticated', identity: { username: 'alice', groups: new Set(['team-web']) } };
/** A value of each type of JSON. */
const VALUES: readonly unknown[] = [null, true, 0, -1.5, '', 'text', [], ['a', null], {}, { a: [1] }];

type Script = (provider: ScriptedProvider) => void;

async function attempt(script: Script, config: Readonly<Record<string, unknown>> = {}): Promise<AuthnOutcome> {
  await using provider = await startScriptedProvider();
  script(provider);
  await using backend = await createOidcBackend({ issuer: provider.issuer, config: { timeout: '2s', ...config } });
  return await login(backend, 'alice', PASSWORD);
}

function answerWith(provider: ScriptedProvider, members: Readonly<Record<string, unknown>>): void {
  const idToken = provider.sign(provider.claims());
  const tokens = { access_token: 'access-token-of-alice', token_type: 'Bearer', id_token: idToken };
  provider.answer('token', { body: { ...tokens, ...members } });
}

describe('an answer of the token endpoint', () => {
  it.each(['token_type', 'expires_in', 'refresh_token', 'scope', 'session_state', 'not-before-policy'])(
    'may have any value as its member %s, which the login does not use',
    async (member) => {
      for (const value of VALUES) {
        expect(await attempt((provider) => answerWith(provider, { [member]: value }))).toMatchObject(ALICE);
      }
    },
  );

  it.each([undefined, null, 7, '', 'line\nbreak'])('fails the login when its access_token is %j', async (token) => {
    const outcome = attempt((provider) => answerWith(provider, { access_token: token }));

    await expect(outcome).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringContaining('access_token'),
    });
  });

  it.each([7, 'not-a-token', ['a'], {}, true])('fails the login when its id_token is %j', async (idToken) => {
    const outcome = attempt((provider) => answerWith(provider, { id_token: idToken }));

    await expect(outcome).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringContaining('the ID token proves nothing'),
    });
  });
});

describe('an ID token', () => {
  it.each(['iat', 'auth_time', 'nonce', 'at_hash', 'c_hash', 'acr', 'amr', 'sid', 'jti', 'azp_note', 'name'])(
    'may have any value as its claim %s, which the login does not use',
    async (claim) => {
      for (const value of [undefined, ...VALUES]) {
        const outcome = await attempt((provider) => {
          provider.answer('token', provider.tokens(provider.sign(provider.claims({ [claim]: value }))));
        });

        expect(outcome).toMatchObject(ALICE);
      }
    },
  );

  it('may have null as the claims nbf and azp', async () => {
    const outcome = await attempt((provider) => {
      provider.answer('token', provider.tokens(provider.sign(provider.claims({ nbf: null, azp: null }))));
    });

    expect(outcome).toMatchObject(ALICE);
  });
});

describe('metadata', () => {
  it.each([
    'userinfo_endpoint',
    'introspection_endpoint',
    'revocation_endpoint',
    'authorization_endpoint',
    'end_session_endpoint',
    'scopes_supported',
    'claims_supported',
    'userinfo_signing_alg_values_supported',
    'mtls_endpoint_aliases',
    'token_endpoint_auth_methods_supported',
  ])('may have any value as its member %s, which the login does not use', async (member) => {
    for (const value of VALUES) {
      expect(
        await attempt((provider) => provider.answer('discovery', provider.metadata({ [member]: value }))),
      ).toMatchObject(ALICE);
    }
  });
});

describe('a key set', () => {
  it('may hold entries that are no keys, and keys with members of any type', async () => {
    const outcome = await attempt((provider) => {
      provider.publish({ key: PUBLISHED_KEY, members: { x5c: null, x5t: 7, key_ops: null, exp: 'never', alg: null } });
    });

    expect(outcome).toMatchObject(ALICE);
  });
});
