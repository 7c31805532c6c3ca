/**
 * A provider that answers as IdentityServer and Duende do to the password grant: no ID token, access tokens of the type
 * `at+jwt` for the resources of the issuer, scopes as a list or a text, `role` as a text or a list, no email_verified.
 */
import { startOpenIdProvider } from './openid-provider.ts';
import type { OpenIdProvider, Person } from './openid-provider.ts';
import { newSigningKey, signWith } from './token-issuer.ts';

export interface IdentityServer extends OpenIdProvider {
  /** The access tokens that it has issued. */
  accessTokens(): readonly string[];
}

interface IdentityServerOptions {
  /** How it writes the scopes of a token. */
  readonly scopes: 'list' | 'text';
  readonly people: readonly Person[];
}

/** A user whose only claims are those that IdentityServer sends. */
export function identityServerUser(username: string, password: string, role: string | readonly string[]): Person {
  const absent = { groups: undefined, preferred_username: undefined, email_verified: undefined };
  return { username, password, groups: [], claims: { ...absent, role, email: `${username}@Example.com` } };
}

export async function startIdentityServer({ scopes, people }: IdentityServerOptions): Promise<IdentityServer> {
  const key = newSigningKey();
  /** The opaque tokens of the provider, by the tokens that clients have. */
  const issued = new Map<string, string>();
  let issuer = '';
  const provider = await startOpenIdProvider({
    people,
    tokenAnswer: ({ access_token: opaque, scope }) => {
      const now = Math.floor(Date.now() / 1000);
      const scopeClaim = scopes === 'list' ? String(scope).split(' ') : scope;
      const claims = { iss: issuer, aud: [`${issuer}/resources`, 'api1'], client_id: 'registry', scope: scopeClaim };
      const token = signWith(key, { ...claims, nbf: now, iat: now, exp: now + 300 }, { typ: 'at+jwt' });
      issued.set(token, String(opaque));
      return { access_token: token, expires_in: '300', token_type: 'Bearer', scope: scopeClaim, refresh_token: null };
    },
    issuedToken: (token) => issued.get(token) ?? token,
  });
  ({ issuer } = provider);
  return Object.assign(provider, { accessTokens: () => [...issued.keys()] });
}
