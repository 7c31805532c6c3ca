import { BrokerError } from '../../core/errors.ts';
import type { SecretSource } from '../../core/identity.ts';

/**
 * The value of an `Authorization` header with a bearer token (RFC 6750, section 2.1), read anew for each request because
 * operators replace tokens in place.
 *
 * @param key the key of the configuration, for the message
 * @throws BrokerError `backend_unavailable` when the secret cannot be a token. Its text is in no message: that of
 *   `fetch` would quote it.
 */
export async function bearerHeader(secret: SecretSource, key: string): Promise<string> {
  const token = (await secret.read()).reveal();
  if (/^[\x21-\x7E]+$/.test(token)) return `Bearer ${token}`;
  throw new BrokerError('backend_unavailable', `${key}: expected a token of printable ASCII characters without spaces`);
}
