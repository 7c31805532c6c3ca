/** The proxy of a connection, with its credentials as they are now. */
import { BrokerError } from '../../core/errors.ts';
import type { BackendDeps } from '../backend.ts';
import type { Proxy } from './connection.ts';
import type { ProxyAddress } from './proxy-address.ts';

/** @throws BrokerError when the password cannot be read or sent; its text is in no message */
export async function openProxy(
  address: ProxyAddress | undefined,
  secret: BackendDeps['secret'],
): Promise<Proxy | undefined> {
  if (address === undefined) return undefined;
  if (typeof address === 'string') return { url: address };
  const password = (await secret(address.password).read()).reveal();
  if (/\p{Cc}/u.test(password)) {
    throw new BrokerError('backend_unavailable', 'proxy.password: expected a text without control characters');
  }
  // RFC 7617: the credentials are in UTF-8.
  const credentials = Buffer.from(`${address.username}:${password}`).toString('base64');
  return { url: address.url, authorization: `Basic ${credentials}` };
}

/** Absolute paths of the files that `openProxy` reads. */
export function proxyFiles(address: ProxyAddress | undefined): readonly string[] {
  if (address === undefined || typeof address === 'string') return [];
  const { source } = address.password;
  return 'file' in source ? [source.file] : [];
}
