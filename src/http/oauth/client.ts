/** What a request of the credential helper names: itself, and a registry. */
import { HELPER_CLIENT } from '../../core/approval.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Service } from '../../flows/grant-token.ts';
import { singleValue } from '../form.ts';

/** @throws BrokerError `unknown_client` */
export function requireHelper(parameters: URLSearchParams): void {
  if (singleValue(parameters, 'client_id') !== HELPER_CLIENT)
    throw new BrokerError('unknown_client', `the client is not ${HELPER_CLIENT}`);
}

/**
 * RFC 8707 calls it `resource`; with one registry, that one is meant.
 *
 * @throws BrokerError `unknown_service` when it is not served, or offers no refresh tokens
 */
export function requireService(parameters: URLSearchParams, services: ReadonlyMap<string, Service>): Service {
  const name = singleValue(parameters, 'resource') ?? '';
  const [only, ...others] = services.values();
  const service = name === '' && others.length === 0 ? only : services.get(name);
  if (service === undefined) throw new BrokerError('unknown_service', 'no such service has refresh tokens');
  return service;
}
