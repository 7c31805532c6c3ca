import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/identity.ts';
import { hintsOfRefusal, hintsOfRequest } from '../../../src/http/request-hints.ts';

const asked = (username: string, password: string, namesAccount = true) => ({
  credential: { username, password: new Secret(password) },
  refreshToken: undefined,
  namesAccount,
});
const ANONYMOUS = { credential: undefined, refreshToken: undefined, namesAccount: false };

describe('the hints of a refused request', () => {
  it.each([
    ['p\n', /^the password has a line break;/],
    ['p\r\n', /^the password has a line break;/],
    ['a\nb', /^the password has a line break;/],
    ['p ', /^the password begins or ends with a space;/],
    ['\tp', /^the password begins or ends with a space;/],
    [' ', /^the password begins or ends with a space;/],
    ['p\u00a0', /^the password begins or ends with a space;/],
    ['p\0p', /^the password has a control character;/],
  ])('say that the stored secret is damaged for the password %j', (password, hint) => {
    expect(hintsOfRefusal(asked('alice', password))).toEqual([expect.stringMatching(hint)]);
  });

  it('say the same of the user name', () => {
    expect(hintsOfRefusal(asked('alice\n', 'p'))).toEqual([expect.stringMatching(/^the user name has a line break;/)]);
  });

  it.each(['p', 'a b', 'pässword: with colon', ''])('are empty for the password %j', (password) => {
    expect(hintsOfRefusal(asked('alice', password))).toEqual([]);
  });

  it('never have any part of the password', () => {
    expect(hintsOfRefusal(asked('alice', 'hunter2\n')).join()).not.toMatch(/hunter/);
  });
});

describe('the hint about a removed Authorization header', () => {
  it('is there when the client names an account and no credentials arrive', () => {
    const removed = { ...ANONYMOUS, namesAccount: true };

    expect(hintsOfRequest(removed)).toEqual([expect.stringContaining('removes the Authorization header')]);
    expect(hintsOfRefusal(removed)).toEqual(hintsOfRequest(removed));
  });

  it.each([
    ['an anonymous client', ANONYMOUS],
    ['a client with credentials', asked('alice', 'p')],
    ['a client with a refresh token', { ...ANONYMOUS, namesAccount: true, refreshToken: new Secret('flr_x') }],
  ])('is not there for %s', (_who, request) => {
    expect(hintsOfRequest(request)).toEqual([]);
  });
});
