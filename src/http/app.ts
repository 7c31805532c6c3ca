/**
 * The order of middleware and routes. `http` uses Express and Passport. Backends, keys and files are behind functions
 * that it is given.
 */
import express from 'express';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { BrokerError, describeError } from '../core/errors.ts';
import type { Clock, Ids, Log } from '../core/ports.ts';
import { contextOf, setContext } from './context.ts';
import { healthRoutes } from './health.ts';
import type { HealthDeps } from './health.ts';
import { requireOneHost } from './host-header.ts';
import { metricsRoute } from './metrics.ts';
import type { MetricsPage } from './metrics.ts';
import type { Readers } from './operator-page.ts';
import { respondError, respondJson, toBrokerError } from './respond.ts';
import { answerTokenRequest, TOKEN_PATHS } from './token.ts';
import type { TokenRouteDeps } from './token.ts';
import { noticeUntrustedProxy } from './untrusted-proxy.ts';

export interface AppDeps extends TokenRouteDeps, HealthDeps {
  /** The realm of the Basic challenge. */
  readonly realm: string;
  /**
   * Whether X-Forwarded-For is trusted when it comes from this address. The address is that of the peer, or of a proxy
   * in the header; undefined for a peer that has none, because it uses a Unix socket.
   */
  readonly isTrustedProxy: (address: string | undefined) => boolean;
  /** The JSON Web Key Set, as text. */
  readonly jwks: () => string;
  readonly metrics: () => Promise<MetricsPage>;
  /** Who may read metrics and the details of readiness on the main listener. */
  readonly operatorPages: Readers;
  readonly ids: Ids;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}

export function createApp(deps: AppDeps): Express {
  const app = bareApp(deps);
  app.use(noticeUntrustedProxy(deps));
  app.all(TOKEN_PATHS, answerTokenRequest(deps));
  app.get('/.well-known/jwks.json', (_request, response) => respondJson(response, 200, deps.jwks()));
  healthRoutes(app, deps, deps.operatorPages);
  app.get('/metrics', metricsRoute(deps.metrics, deps.operatorPages));
  return closeApp(app, deps);
}

/** The admin listener: metrics and health, separate from the clients of the registry. */
export function createAdminApp(deps: Pick<AppDeps, 'realm' | 'ids' | 'log' | 'metrics'> & HealthDeps): Express {
  const app = bareApp({ ...deps, isTrustedProxy: () => false });
  healthRoutes(app, deps, 'anyone');
  app.get('/metrics', metricsRoute(deps.metrics, 'anyone'));
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
    deps.isTrustedProxy(address === undefined ? undefined : withoutPort(address)),
  );
  app.use(openRequest(deps), requireOneHost);
  return app;
}

/** The first middleware of each application. */
function openRequest({ ids, isDraining }: Pick<AppDeps, 'ids' | 'isDraining'>): RequestHandler {
  return (request, response, next) => {
    const requestId = ids.next();
    setContext(response, { requestId, client: withoutPort(request.ip ?? '') });
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // The client sends its next request on a new connection, to another instance, and loses none on this one.
    if (isDraining()) response.setHeader('Connection', 'close');
    next();
  };
}

const WITH_PORT = /^(?:\[([\da-f:.]+)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/i;

/** An address from X-Forwarded-For. Some proxies add the port (Azure Application Gateway, IIS). */
function withoutPort(text: string): string {
  const [, inBrackets, beforePort] = WITH_PORT.exec(text) ?? [];
  return inBrackets ?? beforePort ?? text;
}

function closeApp(app: Express, { realm, log }: Pick<AppDeps, 'realm' | 'log'>): Express {
  app.use((request: Request) => {
    throw new BrokerError('not_found', `no route for ${request.path.slice(0, 256)}`);
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const known = toBrokerError(error);
    const { requestId } = contextOf(response);
    if (known.code === 'internal') log.error('request failed', { requestId, cause: describeError(error) });
    respondError(response, known, requestId, realm);
  });
  return app;
}
