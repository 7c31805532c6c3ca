/** The Host header: HTTP/1.1 requires one, and no request has two (RFC 9112, section 3.2). */
import type { RequestHandler } from 'express';
import { BrokerError } from '../core/errors.ts';

/** With two Host headers, a proxy before the broker may use the other one. */
export const requireOneHost: RequestHandler = (request, response, next) => {
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  if (hosts === 1 || (hosts === 0 && request.httpVersion === '1.0')) return next();
  response.setHeader('Connection', 'close');
  next(new BrokerError('invalid_request', `found ${hosts} Host headers, expected one`));
};
