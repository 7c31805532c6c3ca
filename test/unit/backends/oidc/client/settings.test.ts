import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { oidcPasswordConfig } from '../../../../../src/backends/oidc-password/config.ts';
import { PRESET_NAMES } from '../../../../../src/backends/oidc/client/presets.ts';
import { resolveSettings } from '../../../../../src/backends/oidc/client/settings.ts';
import type { Settings } from '../../../../../src/backends/oidc/client/settings.ts';
import { judge } from '../../../../../src/backends/oidc/client/verdict.ts';

function settings(changes: Readonly<Record<string, unknown>>): Settings {
  const client = { id: 'registry', secret: { env: 'SSO_CLIENT_SECRET' } };
  const least = { name: 'sso', type: 'oidc-password', issuer: 'https://id.example.com', client };
  return resolveSettings(z.parse(oidcPasswordConfig, { ...least, ...changes }));
}

function bare(status: number, { refusals }: Settings): string {
  const nothing = { error: undefined, description: undefined, codes: [], retryAfter: undefined };
  return judge({ kind: 'answer', status, ...nothing }, refusals).kind;
}

describe('a preset of oidc-password', () => {
  it.each([
    ['generic', 'openid profile', 'preferred_username', 'groups', undefined, false],
    ['keycloak', 'openid profile', 'preferred_username', 'groups', '/', true],
    ['dex', 'openid profile groups', 'preferred_username', 'groups', undefined, true],
    ['entra', 'openid profile', 'preferred_username', 'groups', undefined, true],
    ['okta', 'openid profile', 'preferred_username', 'groups', undefined, true],
    ['auth0', 'openid profile email', 'email', 'groups', undefined, true],
    ['adfs', 'openid allatclaims', 'upn', 'group', undefined, true],
    ['identityserver', 'openid profile', 'preferred_username', 'role', undefined, true],
    ['glewlwyd', 'openid', 'preferred_username', 'groups', undefined, false],
  ])('%s has the defaults of that provider', (preset, scope, username, groups, groupPrefix, lowercase) => {
    const found = settings({ preset });

    expect(found).toMatchObject({ scope, identity: { groupPrefix, lowercase } });
    expect([found.identity.username.text, ...found.identity.groups.map(({ text }) => text)]).toEqual([
      username,
      groups,
    ]);
  });

  it.each(PRESET_NAMES)('%s is overridden by every key of the configuration', (preset) => {
    const claims = { username: 'login', groups: ['/a/b'], from: 'userinfo', groupPrefix: '', groupLimit: 7 };
    const found = settings({ preset, scope: 'openid x', lowercase: false, deniedStatus: [401], claims });

    expect(found).toMatchObject({
      scope: 'openid x',
      claimsFrom: ['userinfo'],
      identity: {
        username: { text: 'login' },
        groups: [{ text: '/a/b' }],
        groupPrefix: '',
        groupLimit: 7,
        lowercase: false,
      },
      refusals: { deniedStatus: [401] },
    });
  });

  it('names the source of claims where one of ID token and userinfo has no claims', () => {
    const found = PRESET_NAMES.map((preset) => [preset, settings({ preset }).claimsFrom]);

    expect(found.filter(([, from]) => from !== 'auto')).toEqual([
      ['entra', ['id-token']],
      ['adfs', ['id-token']],
      ['identityserver', ['userinfo']],
    ]);
  });

  it('reads answers without a body for glewlwyd only', () => {
    const glewlwyd = settings({ preset: 'glewlwyd' });
    const generic = settings({});

    expect([400, 403, 401].map((status) => bare(status, glewlwyd))).toEqual([
      'misconfigured',
      'rejected',
      'unavailable',
    ]);
    expect([400, 403, 401].map((status) => bare(status, generic))).toEqual([
      'unavailable',
      'unavailable',
      'unavailable',
    ]);
  });

  it('reads unauthorized as a blocked user for Auth0 only', () => {
    const fault = { kind: 'answer', status: 401, error: 'unauthorized', codes: [] } as const;
    const nothing = { description: undefined, retryAfter: undefined };
    const verdicts = ['auth0', 'generic'].map((preset) =>
      judge({ ...fault, ...nothing }, settings({ preset }).refusals),
    );

    expect(verdicts).toMatchObject([{ kind: 'rejected', reason: 'disabled' }, { kind: 'unavailable' }]);
  });

  it('knows that Okta lists a hundred groups at most', () => {
    expect(settings({ preset: 'okta' }).identity.groupLimit).toBe(100);
  });
});
