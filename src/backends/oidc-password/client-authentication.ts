/** How the broker shows the provider who it is. */
import { ClientSecretBasic, ClientSecretPost, None } from 'openid-client';
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
  const authenticate = method === 'client_secret_post' ? ClientSecretPost : ClientSecretBasic;
  return async () => {
    const secret = (await source.read()).reveal();
    if (secret === '') throw new BrokerError('backend_unavailable', 'client.secret is empty');
    return { clientAuth: authenticate(secret), secrets: [secret] };
  };
}
