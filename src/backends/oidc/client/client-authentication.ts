/** How the broker authenticates to the provider (RFC 6749, section 2.3). */
import { ClientSecretPost, modifyAssertion, None, PrivateKeyJwt, TlsClientAuth } from 'openid-client';
import type { ClientAuth } from 'openid-client';
import { BrokerError } from '../../../core/errors.ts';
import type { SecretSource } from '../../../core/identity.ts';
import type { ClientMethod } from './client-config.ts';
import type { ClientKey } from './client-key.ts';

/** The metadata of a configuration has the token endpoint as the provider names it, for the audience of assertions. */
export const TOKEN_ENDPOINT_NAME = 'fairlead_token_endpoint_name';

/** Called for each login, because operators rotate secrets and keys in place. */
export type ClientAuthenticator = () => Promise<{
  readonly clientAuth: ClientAuth;
  readonly secrets: readonly string[];
}>;

interface ClientCredentials {
  readonly method: ClientMethod;
  readonly secret: SecretSource | undefined;
  /** The current key for assertions. */
  readonly key: () => ClientKey | undefined;
  readonly keyId: string | undefined;
  readonly assertionAudience: 'issuer' | 'token-endpoint';
}

export function clientAuthenticator(credentials: ClientCredentials): ClientAuthenticator {
  switch (credentials.method) {
    case 'client_secret_basic':
      return bySecret(credentials.secret, clientSecretBasic);
    case 'client_secret_post':
      return bySecret(credentials.secret, ClientSecretPost);
    case 'private_key_jwt':
      return async () => ({ clientAuth: byAssertion(credentials), secrets: [] });
    case 'tls_client_auth':
      // The certificate was presented in the TLS handshake.
      return async () => ({ clientAuth: TlsClientAuth(), secrets: [] });
    case 'none':
      return async () => ({ clientAuth: None(), secrets: [] });
  }
}

function bySecret(source: SecretSource | undefined, authenticate: (secret: string) => ClientAuth): ClientAuthenticator {
  return async () => {
    const secret = (await source?.read())?.reveal() ?? '';
    if (secret === '') throw new BrokerError('backend_unavailable', 'client.secret is empty');
    return { clientAuth: authenticate(secret), secrets: [secret] };
  };
}

function byAssertion({ key: current, keyId, assertionAudience }: ClientCredentials): ClientAuth {
  const found = current();
  // INVARIANT: the configuration schema requires a key for this method, and it is read before the first login.
  if (found === undefined) throw new Error('private_key_jwt without a key');
  const { key, thumbprint } = found;
  return (server, client, body, headers) => {
    const modify = (header: Record<string, unknown>, payload: Record<string, unknown>): void => {
      if (thumbprint !== undefined) header['x5t#S256'] = thumbprint;
      if (assertionAudience === 'token-endpoint') payload['aud'] = server[TOKEN_ENDPOINT_NAME] ?? server.token_endpoint;
    };
    const signed = { key, ...(keyId === undefined ? {} : { kid: keyId }) };
    return PrivateKeyJwt(signed, { [modifyAssertion]: modify })(server, client, body, headers);
  };
}

/**
 * Form encoding, then Basic (RFC 6749, section 2.3.1). openid-client also encodes `-`, `_` and `.`, which form encoding
 * does not; providers that do not decode (glewlwyd) then refuse every secret with a dash in it.
 */
function clientSecretBasic(secret: string): ClientAuth {
  return (_server, client, _body, headers) => {
    const pair = `${formEncode(client.client_id)}:${formEncode(secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  };
}

function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
