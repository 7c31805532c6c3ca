/** How the broker shows the provider who it is. */
import { ClientSecretPost, None } from 'openid-client';
import type { ClientAuth } from 'openid-client';
import { BrokerError } from '../../core/errors.ts';
import type { SecretSource } from '../../core/identity.ts';

/** Reads the secret anew each time, because operators rotate it in place. */
export type ClientAuthenticator = () => Promise<{
  readonly clientAuth: ClientAuth;
  readonly secrets: readonly string[];
}>;

export function clientAuthenticator(
  source: SecretSource | undefined,
  method: 'client_secret_basic' | 'client_secret_post' | 'none' | undefined,
): ClientAuthenticator {
  if (source === undefined) return async () => ({ clientAuth: None(), secrets: [] });
  const authenticate = method === 'client_secret_post' ? ClientSecretPost : clientSecretBasic;
  return async () => {
    const secret = (await source.read()).reveal();
    if (secret === '') throw new BrokerError('backend_unavailable', 'client.secret is empty');
    return { clientAuth: authenticate(secret), secrets: [secret] };
  };
}

/**
 * Form encoding, then Basic (RFC 6749, section 2.3.1). openid-client's own also encodes `-`, `_` and `.`, which that
 * encoding leaves alone; providers that do not decode (glewlwyd) then refuse every secret with a dash in it.
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
