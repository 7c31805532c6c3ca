/**
 * The order of middleware and routes. The room `http` knows Express and Passport and nothing of backends, keys or
 * files: all of those come in as functions.
 */
import express from 'express';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { BrokerError, describeError } from '../core/errors.ts';
import type { Ids, Log } from '../core/ports.ts';
import { addressAlone } from './address-alone.ts';
import { toBrokerError } from './broker-error.ts';
import { healthRoutes } from './health.ts';
import type { HealthDeps } from './health.ts';
import { contextOf, setLocals } from './locals.ts';
import { respondError, respondJson } from './respond.ts';
import { recordRefusal, tokenRoute, TOKEN_PATHS } from './token.ts';
import type { TokenRouteDeps } from './token.ts';

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

export interface AppDeps extends TokenRouteDeps, HealthDeps {
  /** The realm of the Basic challenge. */
  readonly realm: string;
  /**
   * Whether X-Forwarded-For is believed of a peer, or of a proxy that another one names; undefined is a peer without an
   * address, on the other end of a socket file.
   */
  readonly isTrustedProxy: (address: string | undefined) => boolean;
  /** The JSON Web Key Set, as text. */
  readonly jwks: () => string;
  /** Undefined: metrics are served on the admin listener. */
  readonly metrics: (() => Promise<MetricsPage>) | undefined;
  readonly ids: Ids;
  readonly log: Log;
}

export function createApp(deps: AppDeps): Express {
  const app = bareApp(deps);
  app.all(TOKEN_PATHS, tokenRoute(deps), recordRefusal(deps.audit));
  app.get('/.well-known/jwks.json', (_request, response) => respondJson(response, 200, deps.jwks()));
  healthRoutes(app, deps);
  if (deps.metrics !== undefined) app.get('/metrics', metricsRoute(deps.metrics));
  return closeApp(app, deps);
}

/** The admin listener: metrics and health, away from the registry's clients. */
export function createAdminApp(
  deps: Pick<AppDeps, 'realm' | 'ids' | 'log'> & HealthDeps & { readonly metrics: () => Promise<MetricsPage> },
): Express {
  const app = bareApp({ ...deps, isTrustedProxy: () => false });
  healthRoutes(app, deps);
  app.get('/metrics', metricsRoute(deps.metrics));
  return closeApp(app, deps);
}

function bareApp(deps: Pick<AppDeps, 'isTrustedProxy' | 'ids' | 'isDraining'>): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('trust proxy', (address: string | undefined) =>
    deps.isTrustedProxy(address === undefined ? undefined : addressAlone(address)),
  );
  app.use(openRequest(deps));
  return app;
}

function openRequest({ ids, isDraining }: Pick<AppDeps, 'ids' | 'isDraining'>): RequestHandler {
  return (request, response, next) => {
    const requestId = ids.next();
    setLocals(request, { context: { requestId, client: addressAlone(request.ip ?? '') } });
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // A client that is told so opens its next connection elsewhere instead of losing a request on this one.
    if (isDraining()) response.setHeader('Connection', 'close');
    next();
  };
}

function metricsRoute(metrics: () => Promise<MetricsPage>): RequestHandler {
  return async (_request, response) => {
    const { contentType, text } = await metrics();
    response.setHeader('Content-Type', contentType);
    response.setHeader('Cache-Control', 'no-store');
    response.end(text);
  };
}

function closeApp(app: Express, { realm, log }: Pick<AppDeps, 'realm' | 'log'>): Express {
  app.use((request: Request) => {
    throw new BrokerError('not_found', `no route for ${request.path.slice(0, 256)}`);
  });
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const known = toBrokerError(error);
    const { requestId } = contextOf(request);
    if (known.code === 'internal') log.error('request failed', { requestId, cause: describeError(error) });
    respondError(response, known, requestId, realm);
  });
  return app;
}
