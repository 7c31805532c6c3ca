/** The headers of each page: nothing from elsewhere, nothing inside of other pages, nothing in a cache. */
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Seconds that browsers use https only: a year. */
const HSTS_SECONDS = 31_536_000;

/**
 * Our own directives throughout: the defaults of helmet allow styles and images of other origins, and its HSTS covers
 * subdomains, which are not ours.
 *
 * @param isSecure whether `publicUrl` begins with https
 */
export function pageHeaders(isSecure: boolean): RequestHandler {
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
      },
    },
    strictTransportSecurity: isSecure ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    frameguard: { action: 'deny' },
  });
  return (request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    headers(request, response, next);
  };
}
