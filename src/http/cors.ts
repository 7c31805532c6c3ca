/** Cross-origin requests of web pages that show a registry (Fetch Standard, section 3.2). */
import type { RequestHandler, Response } from 'express';

/** The origin of every page. */
const ANY_ORIGIN = '*';

const MAX_AGE_SECONDS = 600;

/** @param origins the origins that may read the answers */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return (request, response, next) => {
    response.vary('Origin');
    const { origin } = request.headers;
    const isAny = origins.includes(ANY_ORIGIN);
    if (origin === undefined || (!isAny && !origins.includes(origin))) return next();
    response.setHeader('Access-Control-Allow-Origin', isAny ? ANY_ORIGIN : origin);
    // A browser must not add its stored credentials to the requests of any page whatsoever.
    if (!isAny) response.setHeader('Access-Control-Allow-Credentials', 'true');
    const isPreflight = request.method === 'OPTIONS' && 'access-control-request-method' in request.headers;
    if (isPreflight) return answerPreflight(response);
    response.setHeader('Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After, X-Request-Id');
    next();
  };
}

function answerPreflight(response: Response): void {
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
  response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type');
  response.setHeader('Access-Control-Max-Age', MAX_AGE_SECONDS);
  response.statusCode = 204;
  response.end();
}
