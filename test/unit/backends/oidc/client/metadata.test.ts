/** Which metadata a login uses, and where the broker reaches the endpoints that they name. */
import { describe, expect, it } from 'vitest';
import { readMetadata } from '../../../../../src/backends/oidc/client/metadata.ts';
import type { MetadataRules } from '../../../../../src/backends/oidc/client/metadata.ts';

const ISSUER = 'https://id.example.com/realms/corp';
const METADATA = {
  issuer: ISSUER,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: 'https://id.example.com/keys',
  userinfo_endpoint: 'https://api.example.com/userinfo',
};
const RULES: MetadataRules = { issuer: ISSUER, internalUrl: undefined, usesMutualTls: false, needsIdToken: true };

function endpoints(rules: Partial<MetadataRules>, metadata: Readonly<Record<string, unknown>> = METADATA) {
  return readMetadata(metadata, { ...RULES, ...rules }).endpoints;
}

describe('endpoints of a provider', () => {
  it('are reached where the metadata name them', () => {
    const { token_endpoint, jwks_uri, userinfo_endpoint } = METADATA;

    expect(endpoints({})).toEqual({ token_endpoint, jwks_uri, userinfo_endpoint });
  });

  it.each(['https://keycloak.internal:8443/realms/corp', 'https://keycloak.internal:8443/realms/corp/'])(
    'below the issuer, or at its host, are reached at %s, and those of other hosts as named',
    (internalUrl) => {
      expect(endpoints({ internalUrl })).toEqual({
        token_endpoint: 'https://keycloak.internal:8443/realms/corp/token',
        jwks_uri: 'https://keycloak.internal:8443/keys',
        userinfo_endpoint: 'https://api.example.com/userinfo',
      });
    },
  );

  it('below the issuer keep their path where the internal URL has another one', () => {
    expect(endpoints({ internalUrl: 'https://kc.internal/auth' }).token_endpoint).toBe(
      'https://kc.internal/auth/token',
    );
  });

  it.each([
    'https://id.example.com.evil.example/token',
    'https://id.example.com:444/token',
    'http://id.example.com/token',
  ])('of another origin, such as %s, are not taken for those of the issuer', (url) => {
    const metadata = { ...METADATA, token_endpoint: url };

    expect(endpoints({ internalUrl: 'https://kc.internal/auth' }, metadata).token_endpoint).toBe(url);
  });

  it('keep the name of the token endpoint for assertions', () => {
    const metadata = readMetadata(METADATA, { ...RULES, internalUrl: 'https://kc.internal/auth' });

    expect(metadata.tokenEndpointName).toBe(METADATA.token_endpoint);
  });

  it('have their own addresses for a client that authenticates by its certificate', () => {
    const aliases = { token_endpoint: 'https://mtls.example.com/token', userinfo_endpoint: 7 };
    const metadata = { ...METADATA, mtls_endpoint_aliases: aliases };

    expect(endpoints({ usesMutualTls: true }, metadata)).toMatchObject({
      token_endpoint: 'https://mtls.example.com/token',
      userinfo_endpoint: METADATA.userinfo_endpoint,
    });
    expect(endpoints({}, metadata).token_endpoint).toBe(METADATA.token_endpoint);
  });

  it.each([null, 7, '', 'token', ['https://id.example.com'], {}])('are missing when they are %j', (value) => {
    expect(endpoints({}, { ...METADATA, userinfo_endpoint: value }).userinfo_endpoint).toBeUndefined();
    expect(() => endpoints({}, { ...METADATA, token_endpoint: value })).toThrow('name no token_endpoint');
    expect(() => endpoints({}, { ...METADATA, jwks_uri: value })).toThrow('name no jwks_uri');
    expect(endpoints({ needsIdToken: false }, { ...METADATA, jwks_uri: value }).jwks_uri).toBeUndefined();
  });
});

describe('the algorithms of a provider', () => {
  it.each<[unknown, readonly string[]]>([
    [
      ['ES256', 'RS256'],
      ['RS256', 'ES256'],
    ],
    [['HS256', 'none', 'RS256'], ['RS256']],
    [['HS256', 'none'], []],
    [[], []],
    [undefined, ['RS256']],
    [null, ['RS256']],
    ['ES256', ['RS256']],
  ])('announced as %j are %j for ID tokens', (announced, expected) => {
    const metadata = { ...METADATA, id_token_signing_alg_values_supported: announced };

    expect(readMetadata(metadata, RULES).idTokenAlgorithms).toEqual(expected);
  });
});
