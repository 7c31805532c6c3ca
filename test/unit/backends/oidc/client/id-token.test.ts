/** What an ID token must say, and what a refusal reports. */
import { describe, expect, it } from 'vitest';
import { idTokenClaims, userinfoProblem } from '../../../../../src/backends/oidc/client/id-token.ts';
import type { TokenRules } from '../../../../../src/backends/oidc/client/id-token.ts';

const NOW = 1_700_000_000;
const ISSUER = 'https://id.example.com/realms/corp';
const RULES: TokenRules = { issuer: ISSUER, clientId: 'registry', additionalAudiences: [], now: NOW };
const CLAIMS = { iss: ISSUER, aud: 'registry', sub: 'id-of-alice', exp: NOW + 300 };

type Changes = Readonly<Record<string, unknown>>;

function problem(changes: Changes, rules: Partial<TokenRules> = {}): string | undefined {
  const result = idTokenClaims({ ...CLAIMS, ...changes }, { ...RULES, ...rules });
  return typeof result === 'string' ? result : undefined;
}

describe('an ID token', () => {
  it.each<[string, Changes]>([
    ['this client as its only audience', { aud: 'registry' }],
    ['a list with this client as its audience', { aud: ['registry'] }],
    ['this client twice in its audience', { aud: ['registry', 'registry'] }],
    ['further audiences and this client as the authorized party', { aud: ['registry', 'b'], azp: 'registry' }],
    ['an end that was a few seconds ago', { exp: NOW - 29 }],
    ['a start in a few seconds', { nbf: NOW + 30 }],
    ['a start of null', { nbf: null }],
    ['no time of issue', { iat: undefined }],
  ])('is accepted with %s', (_what, changes) => {
    expect(problem(changes)).toBeUndefined();
  });

  it.each<[string, Changes, string]>([
    ['another issuer', { iss: `${ISSUER}/` }, `its issuer (iss) is "${ISSUER}/", expected "${ISSUER}"`],
    ['no issuer', { iss: undefined }, `its issuer (iss) is nothing, expected "${ISSUER}"`],
    ['a list of issuers', { iss: [ISSUER] }, `its issuer (iss) is ["${ISSUER}"], expected "${ISSUER}"`],
    ['another audience', { aud: 'b' }, 'its audience (aud) is "b", expected client.id, which is "registry"'],
    ['no audience', { aud: undefined }, 'its audience (aud) is nothing, expected client.id, which is "registry"'],
    ['an audience of null', { aud: null }, 'its audience (aud) is null, expected client.id, which is "registry"'],
    ['an empty list of audiences', { aud: [] }, 'its audience (aud) is [], expected client.id, which is "registry"'],
    [
      'this client within another audience',
      { aud: 'registry b' },
      'its audience (aud) is "registry b", expected client.id, which is "registry"',
    ],
    [
      'an object as the audience',
      { aud: { registry: true } },
      'its audience (aud) is {"registry":true}, expected client.id, which is "registry"',
    ],
    [
      'further audiences',
      { aud: ['registry', 'https://api.example.com'] },
      'its audience (aud) is ["registry","https://api.example.com"], expected ["registry"]: add "https://api.example.com" ' +
        'to additionalAudiences if this client shares its tokens with that service',
    ],
    [
      'a number among its audiences',
      { aud: ['registry', 7] },
      'its audience (aud) is ["registry",7], expected ["registry"]: add 7 to additionalAudiences if this client shares ' +
        'its tokens with that service',
    ],
    [
      'another authorized party',
      { aud: ['registry', 'b'], azp: 'b' },
      'its authorized party (azp) is "b", expected client.id, which is "registry"',
    ],
    ['no end', { exp: undefined }, 'it has no time at which it ends (exp)'],
    ['an end of null', { exp: null }, 'it has no time at which it ends (exp)'],
    ['an end that is a text', { exp: String(NOW + 300) }, `its exp is "${NOW + 300}", expected seconds since 1970`],
    [
      'an end half a minute ago',
      { exp: NOW - 30 },
      `it ended at ${NOW - 30} (exp), and now is ${NOW}: compare the clocks`,
    ],
    ['a start in a minute', { nbf: NOW + 60 }, `it begins at ${NOW + 60} (nbf), and now is ${NOW}: compare the clocks`],
    ['a start that is a text', { nbf: 'never' }, 'its nbf is "never", expected seconds since 1970'],
    ['no subject', { sub: undefined }, 'its subject (sub) is nothing, expected a text'],
    ['an empty subject', { sub: '' }, 'its subject (sub) is "", expected a text'],
    ['a subject that is a number', { sub: 7 }, 'its subject (sub) is 7, expected a text'],
  ])('is refused with %s, and the refusal shows both values', (_what, changes, message) => {
    expect(problem(changes)).toBe(message);
  });

  it('may have the additional audiences of the configuration, and no others', () => {
    const rules = { additionalAudiences: ['https://api.example.com'] };

    expect(problem({ aud: ['registry', 'https://api.example.com'] }, rules)).toBeUndefined();
    expect(problem({ aud: ['registry', 'https://api.example.com', 'b'] }, rules)).toContain('add "b"');
    expect(problem({ aud: ['https://api.example.com'] }, rules)).toContain('expected client.id');
    expect(problem({ aud: ['registry', 'https://api.example.com'], azp: 'b' }, rules)).toContain('authorized party');
  });
});

describe('a signed answer of userinfo', () => {
  it.each<[string, Changes]>([
    ['with none of the claims about the token', {}],
    ['for this client among others', { iss: ISSUER, aud: ['registry', 'b'] }],
    ['with null in place of them', { iss: null, aud: null, exp: null, nbf: null }],
  ])('is accepted %s', (_what, claims) => {
    expect(userinfoProblem({ sub: 'id-of-alice', ...claims }, RULES)).toBeUndefined();
  });

  it.each<[string, Changes, RegExp]>([
    ['of another issuer', { iss: 'https://evil.example' }, /its issuer/],
    ['for another client', { aud: 'b' }, /its audience/],
    ['that has ended', { exp: NOW - 60 }, /it ended/],
    ['that has not begun', { nbf: NOW + 60 }, /it begins/],
  ])('is refused when it is one %s', (_what, claims, message) => {
    expect(userinfoProblem({ sub: 'id-of-alice', ...claims }, RULES)).toMatch(message);
  });
});
