/** The grants that carry a token (RFC 8693, RFC 7523): what is not a token is refused before any backend. */
import { describe, expect, it } from 'vitest';
import { JWT_BEARER, TOKEN_EXCHANGE, tokenGrant } from '../../../src/http/token-grants.ts';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0.c2lnbmF0dXJl';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';

const request = (fields: Readonly<Record<string, string>>) => (name: string) => fields[name];

describe('a grant that carries a token', () => {
  it.each([
    ['token exchange', TOKEN_EXCHANGE, { subject_token: JWT, subject_token_type: ID_TOKEN }],
    ['JWT bearer', JWT_BEARER, { assertion: JWT }],
  ] as const)('gives the token as the password, without a user name: %s', (_name, grant, fields) => {
    const { username, password } = tokenGrant(grant, request(fields));

    expect([username, password.reveal()]).toEqual(['', JWT]);
  });

  it.each([
    ['token exchange', TOKEN_EXCHANGE, { subject_token: 'hunter2', subject_token_type: ID_TOKEN }],
    ['JWT bearer', JWT_BEARER, { assertion: 'hunter2' }],
  ] as const)(
    'is refused when the text is not a token, so that no password backend sees it: %s',
    (_name, grant, fields) => {
      expect(() => tokenGrant(grant, request(fields))).toThrow(expect.objectContaining({ code: 'token_refused' }));
    },
  );

  it.each([
    ['a token for somebody else (actor_token)', { actor_token: JWT }],
    ['another type of token', { requested_token_type: 'urn:ietf:params:oauth:token-type:saml2' }],
    ['a subject of another type', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }],
    ['no subject', { subject_token: '' }],
  ])('is refused as malformed when it asks for %s', (_what, fields) => {
    const exchange = { subject_token: JWT, subject_token_type: ID_TOKEN, ...fields };

    expect(() => tokenGrant(TOKEN_EXCHANGE, request(exchange))).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });
});
