/** What a browser brings back from the provider, before its code is redeemed. */
import { describe, expect, it } from 'vitest';
import { answerProblem } from '../../../../src/backends/oidc-sign-in/answer.ts';

const ISSUER = 'https://id.example.com';
const transaction = { state: 'of-this-browser', nonce: 'n', codeVerifier: 'v' };
const problemOf = (query: string, namesIssuer = false) =>
  answerProblem({ query, transaction }, { issuer: ISSUER, namesIssuer });

describe('the code of an answer', () => {
  it.each([
    ['state=of-this-browser&code=x', false],
    [`state=of-this-browser&code=x&iss=${ISSUER}`, false],
    [`state=of-this-browser&code=x&iss=${ISSUER}&session_state=y`, true],
  ])('is redeemed after %s', (query, namesIssuer) => {
    expect(problemOf(query, namesIssuer)).toBeUndefined();
  });

  it.each([
    ['of another sign-in', 'state=other&code=x', false],
    ['without a state', 'code=x', false],
    ['without a code', 'state=of-this-browser', false],
    ['with an empty code', 'state=of-this-browser&code=', false],
    ['with two codes', 'state=of-this-browser&code=x&code=y', false],
    ['with two states', 'state=of-this-browser&state=other&code=x', false],
    ['of another issuer', 'state=of-this-browser&code=x&iss=https://evil.example', false],
    ['of another issuer that differs by a slash', `state=of-this-browser&code=x&iss=${ISSUER}/`, true],
    ['without an issuer although the provider names it', 'state=of-this-browser&code=x', true],
  ])('is never redeemed in an answer %s', (_what, query, namesIssuer) => {
    expect(problemOf(query, namesIssuer)).toMatchObject({ kind: 'invalid' });
  });
});

describe('an error in an answer', () => {
  it.each([
    ['access_denied', 'cancelled'],
    ['login_required', 'cancelled'],
    ['invalid_scope', 'outage'],
    ['temporarily_unavailable', 'outage'],
    ['<script>', 'outage'],
  ])('%s means %s', (error, kind) => {
    expect(problemOf(`state=of-this-browser&error=${encodeURIComponent(error)}`)).toMatchObject({ kind });
  });

  it('of another sign-in means nothing', () => {
    expect(problemOf('state=other&error=access_denied')).toMatchObject({ kind: 'invalid' });
  });
});
