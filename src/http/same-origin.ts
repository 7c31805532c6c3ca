/**
 * Cross-site request forgery: a request that changes something and comes with a cookie must come from a page of this
 * server. Browsers say so in `Sec-Fetch-Site` (W3C Fetch Metadata Request Headers), older ones in `Origin`; pages cannot
 * set either. With `SameSite=Lax` cookies this needs no token in each form, and it covers the form of the sign-in as well.
 */
import type { RequestHandler } from 'express';
import type { IncomingHttpHeaders } from 'node:http';
import { BrokerError } from '../core/errors.ts';

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** @param origin the origin of `publicUrl` */
export function requireSameOrigin(origin: string): RequestHandler {
  return (request, _response, next) => {
    if (SAFE.has(request.method) || isFromOwnPage(request.headers, origin)) return next();
    throw new BrokerError('foreign_origin', `a ${request.method} from ${describe(request.headers)}`);
  };
}

function isFromOwnPage(headers: IncomingHttpHeaders, own: string): boolean {
  const site = headers['sec-fetch-site'];
  return site === undefined ? headers.origin === own : site === 'same-origin';
}

function describe({ 'sec-fetch-site': site, origin }: IncomingHttpHeaders): string {
  return `Sec-Fetch-Site ${text(site)}, Origin ${text(origin)}`;
}

function text(value: string | string[] | undefined): string {
  return value === undefined ? 'absent' : String(value).slice(0, 128);
}
