/**
 * The order of middleware and routes. `http` uses Express and Passport. Backends, keys and files are behind functions
 * that it is given.
 */
import express from 'express';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { BrokerError, describeError } from '../core/errors.ts';
import type { AnswerSettings } from './answer.ts';
import { clientAddress } from './client-address.ts';
import type { AddressSource } from './client-address.ts';
import type { Clock, Ids, Log } from '../core/ports.ts';
import { contextOf, setContext } from './context.ts';
import { allowOrigins } from './cors.ts';
import { healthRoutes } from './health.ts';
import type { HealthDeps } from './health.ts';
import { requireOneHost } from './host-header.ts';
import { metricsRoute } from './metrics.ts';
import type { MetricsPage } from './metrics.ts';
import type { Readers } from './operator-page.ts';
import { removePublicPath } from './public-path.ts';
import { respondError, respondJson, toBrokerError } from './respond.ts';
import { API_ROOT, TOKEN_PATHS } from './paths.ts';
import { answerTokenRequest } from './token.ts';
import type { TokenRouteDeps } from './token.ts';
import { noticeUntrustedProxy } from './untrusted-proxy.ts';

export interface AppDeps extends TokenRouteDeps, HealthDeps, AnswerSettings {
  /** The path of `publicUrl`, without a slash at its end. */
  readonly publicPath: string;
  /** The origins of web pages that may read tokens and the key set, or `*`. */
  readonly corsOrigins: readonly string[];
  readonly addressSource: AddressSource;
  /** Answers the proxies of registries, and passes on other requests. Absent: no service has `forwardAuth`. */
  readonly forwardAuth?: RequestHandler;
  /** The JSON Web Key Set, as text. */
  readonly jwks: () => string;
  readonly metrics: () => Promise<MetricsPage>;
  /** Who may read metrics and the details of readiness on the main listener. */
  readonly operatorPages: Readers;
  /** The endpoints of the credential helper; absent: there are none. */
  readonly oauth?: { readonly routes: RequestHandler; readonly paths: readonly string[] };
  /** The pages for people; absent: there are none. */
  readonly console?: { readonly routes: RequestHandler; readonly folders: readonly string[] } | undefined;
  readonly ids: Ids;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}

const KEY_SET_PATH = '/.well-known/jwks.json';

export function createApp(deps: AppDeps): Express {
  const app = bareApp(deps);
  if (deps.forwardAuth !== undefined) app.use(deps.forwardAuth);
  const endpoints = [...TOKEN_PATHS, KEY_SET_PATH];
  const served = [...endpoints, ...(deps.oauth?.paths ?? [])];
  const removePath = removePublicPath(deps.publicPath, served, deps.console?.folders);
  const notice = noticeUntrustedProxy(deps);
  app.use((request, _response, next) => {
    removePath(request);
    notice(request);
    next();
  });
  if (deps.corsOrigins.length > 0) app.all(endpoints, allowOrigins(deps.corsOrigins));
  app.all(TOKEN_PATHS, answerTokenRequest(deps));
  app.get(KEY_SET_PATH, (_request, response) => respondJson(response, 200, deps.jwks()));
  healthRoutes(app, deps, deps.operatorPages);
  app.get('/metrics', metricsRoute(deps.metrics, deps.operatorPages));
  if (deps.oauth !== undefined) app.use(deps.oauth.routes);
  if (deps.console !== undefined) app.use(deps.console.routes);
  return closeApp(app, deps);
}

interface AdminAppDeps extends Pick<AppDeps, 'realm' | 'addressSource' | 'ids' | 'log' | 'metrics'>, HealthDeps {
  /** The API for personal tokens; absent: it is not configured. */
  readonly api?: RequestHandler | undefined;
}

/** The admin listener: metrics, health and the API, separate from the clients of the registry. */
export function createAdminApp(deps: AdminAppDeps): Express {
  // Behind a proxy with TLS, the address of the client decides about tokens that some networks alone may use.
  const app = bareApp(deps);
  healthRoutes(app, deps, 'anyone');
  app.get('/metrics', metricsRoute(deps.metrics, 'anyone'));
  if (deps.api !== undefined) app.use(API_ROOT, deps.api);
  return closeApp(app, deps);
}

/** What log and audit trail name as the client of a request on the control socket. */
const CONTROL_SOCKET = 'control.sock';

interface ControlAppDeps extends Pick<AppDeps, 'realm' | 'ids' | 'log' | 'isDraining'> {
  readonly api: RequestHandler;
}

/** The control socket: the API alone. */
export function createControlApp(deps: ControlAppDeps): Express {
  const app = bareApp({ ...deps, addressSource: NO_PROXY });
  app.use((_request, response, next) => {
    setContext(response, { ...contextOf(response), client: CONTROL_SOCKET });
    next();
  });
  app.use(API_ROOT, deps.api);
  return closeApp(app, deps);
}

const NO_PROXY: AddressSource = { header: undefined, isTrustedProxy: () => false };

function bareApp(deps: OpenDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(openRequest(deps));
  return app;
}

type OpenDeps = Pick<AppDeps, 'addressSource' | 'ids' | 'isDraining'>;

/**
 * The first middleware of each application. What only reads or changes the request is a function that a middleware calls:
 * Express takes longer for one more middleware than these functions do.
 */
function openRequest({ addressSource, ids, isDraining }: OpenDeps): RequestHandler {
  return (request, response, next) => {
    const requestId = ids.next();
    setContext(response, { requestId, client: clientAddress(request, addressSource) });
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // The client sends its next request on a new connection, to another instance, and loses none on this one.
    if (isDraining()) response.setHeader('Connection', 'close');
    requireOneHost(request, response);
    next();
  };
}

function closeApp(app: Express, deps: AnswerSettings & Pick<AppDeps, 'log'>): Express {
  app.use((request: Request) => {
    throw new BrokerError('not_found', `no route for ${request.path.slice(0, 256)}`);
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const known = toBrokerError(error);
    const { requestId } = contextOf(response);
    if (known.code === 'internal') deps.log.error('request failed', { requestId, cause: describeError(error) });
    respondError(response, known, requestId, deps);
  });
  return app;
}
