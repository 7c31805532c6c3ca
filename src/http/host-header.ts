/** The Host header: HTTP/1.1 requires one, and no request has two (RFC 9112, section 3.2). */
import type { Request, Response } from 'express';
import { BrokerError } from '../core/errors.ts';

/**
 * With two Host headers, a proxy before the broker may use the other one.
 *
 * @throws BrokerError `invalid_request`
 */
export function requireOneHost({ rawHeaders, httpVersion }: Request, response: Response): void {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === 'host') hosts += 1;
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return;
  response.setHeader('Connection', 'close');
  throw new BrokerError('invalid_request', `found ${hosts} Host headers, expected one`);
}
