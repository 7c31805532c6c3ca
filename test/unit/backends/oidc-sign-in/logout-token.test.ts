/** Logout tokens (OpenID Connect Back-Channel Logout 1.0). The signature is verified by the provider of the test. */
import { describe, expect, it } from 'vitest';
import { readLogoutToken } from '../../../../src/backends/oidc-sign-in/logout-token.ts';
import { Secret } from '../../../../src/core/identity.ts';

const NOW = 1_700_000_000;
const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const CLAIMS = {
  iss: 'https://id.example.com',
  aud: 'fairlead',
  sub: 'a',
  sid: 's1',
  iat: NOW,
  exp: NOW + 120,
  events: EVENTS,
};

type Session = Parameters<typeof readLogoutToken>[0];

/** @param claims of a token with a valid signature; a sentence: what is wrong with the signature */
function read(claims: Readonly<Record<string, unknown>> | string) {
  const session = {
    verify: async () => claims,
    metadata: { idTokenAlgorithms: ['RS256'] },
    rules: { issuer: 'https://id.example.com', clientId: 'fairlead', additionalAudiences: [], now: NOW },
  } as unknown as Session;
  return readLogoutToken(session, new Secret('a.b.c'));
}

describe('a logout token', () => {
  it('names the session and the person', async () => {
    expect(await read(CLAIMS)).toEqual({ kind: 'logout', sid: 's1', sub: 'a' });
  });

  it('may name only one of them', async () => {
    expect(await read({ ...CLAIMS, sid: undefined })).toEqual({ kind: 'logout', sub: 'a' });
    expect(await read({ ...CLAIMS, sub: undefined })).toEqual({ kind: 'logout', sid: 's1' });
  });

  it.each([
    ['whose signature is wrong', 'its signature is wrong'],
    ['of another issuer', { ...CLAIMS, iss: 'https://evil.example' }],
    ['for another client', { ...CLAIMS, aud: 'other' }],
    ['that is an ID token', { ...CLAIMS, events: undefined, nonce: 'n' }],
    ['without the event', { ...CLAIMS, events: { other: {} } }],
    ['with a nonce', { ...CLAIMS, nonce: 'n' }],
    ['that names nobody', { ...CLAIMS, sid: undefined, sub: undefined }],
    ['that was issued some time ago', { ...CLAIMS, iat: NOW - 331 }],
    ['that does not say when it was issued', { ...CLAIMS, iat: undefined }],
    ['that has ended', { ...CLAIMS, exp: NOW - 31 }],
  ])('%s ends no session', async (_what, claims) => {
    expect(await read(claims)).toMatchObject({ kind: 'invalid' });
  });
});
