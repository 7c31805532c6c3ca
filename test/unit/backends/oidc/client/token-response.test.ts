/** Which members of an answer of the token endpoint openid-client sees. */
import { describe, expect, it } from 'vitest';
import { withUsedMembers } from '../../../../../src/backends/oidc/client/token-response.ts';

async function usedMembers(body: unknown): Promise<unknown> {
  return (await withUsedMembers(Response.json(body))).json();
}

describe('an answer of the token endpoint', () => {
  it('keeps the members that a login uses, and the ID token under a name that openid-client does not verify', async () => {
    const answer = { access_token: 'a', token_type: 'Bearer', expires_in: 300, refresh_token: 'r', id_token: 'i' };

    expect(await usedMembers(answer)).toEqual({
      access_token: 'a',
      token_type: 'bearer',
      expires_in: 300,
      refresh_token: 'r',
      unverified_id_token: 'i',
    });
  });

  it.each([
    ['null', { refresh_token: null, expires_in: null, scope: null, id_token: null, token_type: null }],
    ['of other types', { refresh_token: 7, expires_in: 'soon', scope: ['openid'], token_type: ['Bearer'] }],
    ['empty', { refresh_token: '', scope: '', id_token: '', token_type: '' }],
    ['unknown', { unverified_id_token: 'forged', session_state: 'x', error: 'none' }],
  ])('loses members that are %s', async (_what, members) => {
    expect(await usedMembers({ access_token: 'a', ...members })).toEqual({ access_token: 'a', token_type: 'bearer' });
  });

  it.each([null, 7, '', ['a'], 'a\nb', 'a b', 'é'])(
    'loses an access token that no header can carry: %j',
    async (token) => {
      expect(await usedMembers({ access_token: token })).toEqual({ token_type: 'bearer' });
    },
  );

  it('reads a lifetime that is a text', async () => {
    expect(await usedMembers({ access_token: 'a', expires_in: '300' })).toMatchObject({ expires_in: 300 });
  });

  it.each([
    [400, '{"error":"invalid_grant"}'],
    [200, '<html>'],
    [200, '["a"]'],
  ])('with status %i and the body %s stays as it is', async (status, body) => {
    const response = new Response(body, { status });

    expect(await withUsedMembers(response)).toBe(response);
    expect(await response.text()).toBe(body);
  });
});
