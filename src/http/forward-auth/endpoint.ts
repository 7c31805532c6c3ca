/**
 * Forward-auth: a reverse proxy asks whether a request to a registry may pass, at `/forward-auth/<service>`. Envoy appends
 * the path of the client to it. `answer` lists the steps.
 */
import type { Request, RequestHandler, Response } from 'express';
import { BrokerError, describeError } from '../../core/errors.ts';
import { Secret } from '../../core/identity.ts';
import type { Audit, Clock, Log } from '../../core/ports.ts';
import type { RegistryProxy } from '../../core/registry-proxy.ts';
import { needsOf, registryRoute } from '../../core/registry-route.ts';
import type { RegistryRequest, RegistryRoute, RouteOptions } from '../../core/registry-route.ts';
import type { AccessAnswer, ForwardAuth } from '../../flows/forward-auth.ts';
import type { Service } from '../../flows/grant-token.ts';
import type { AnswerSettings } from '../answer.ts';
import { contextOf } from '../context.ts';
import { rateLimited } from '../rate-limited-log.ts';
import { respondError, toBrokerError } from '../respond.ts';
import { basicLogin } from '../token-request.ts';
import { respondAllowed, respondRefusal } from './answers.ts';
import { proxiedRequest, valuesOf } from './proxied-request.ts';

/** A registry behind a proxy that asks here. */
export interface ForwardAuthService {
  readonly service: Service;
  readonly proxy: RegistryProxy;
  readonly mode: 'bearer' | 'basic';
  readonly routes: RouteOptions;
}

export interface ForwardAuthRouteDeps extends AnswerSettings {
  readonly services: ReadonlyMap<string, ForwardAuthService>;
  /** The path of `publicUrl`, without a slash at its end. */
  readonly publicPath: string;
  /** The URL of the token endpoint. */
  readonly tokenUrl: string;
  readonly isTrustedProxy: (address: string | undefined) => boolean;
  readonly forwardAuth: ForwardAuth;
  readonly audit: Audit;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}

export function answerForwardAuth(deps: ForwardAuthRouteDeps): RequestHandler {
  const withWarn = { ...deps, warn: rateLimited(deps.log.warn, deps.clock.monotonic) };
  return async (request, response, next) => {
    const path = forwardAuthPath(request.url, deps.publicPath);
    if (path === undefined) return next();
    // The body is not read: what the client sends is for the registry.
    if (hasBody(request)) response.setHeader('Connection', 'close');
    await answer(withWarn, request, response, path);
  };
}

interface ForwardAuthPath {
  readonly service: string;
  /** What follows the name, with the query. */
  readonly rest: string;
}

const PATH = '/forward-auth/';

/** @returns undefined for another path */
function forwardAuthPath(url: string, publicPath: string): ForwardAuthPath | undefined {
  const prefix = [PATH, publicPath + PATH].find((start) => url.startsWith(start));
  if (prefix === undefined) return undefined;
  const path = url.slice(prefix.length);
  const end = path.search(/[/?]|$/);
  try {
    return { service: decodeURIComponent(path.slice(0, end)), rest: path.slice(end) };
  } catch {
    return { service: '', rest: '' };
  }
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

type Deps = ForwardAuthRouteDeps & { readonly warn: Log['warn'] };

async function answer(deps: Deps, request: Request, response: Response, path: ForwardAuthPath): Promise<void> {
  if (!deps.isTrustedProxy(request.socket.remoteAddress)) {
    const peer = request.socket.remoteAddress ?? 'unix';
    deps.warn('forward-auth refused: the peer is not in trustedProxies', { peer, setting: 'trustedProxies' });
    return refuse(deps, response, { refusal: 'untrusted_proxy' });
  }
  const found = deps.services.get(path.service);
  if (found === undefined) throw new BrokerError('not_found', 'no service with forwardAuth has this name');
  const { service } = found;
  const asked = clearRequest(request, path.rest, found.proxy);
  if (typeof asked === 'string') {
    deps.warn('forward-auth refused: the proxy is not configured as the service says', {
      service: service.name,
      cause: asked,
    });
    return refuse(deps, response, { refusal: 'unclear_request', service });
  }
  const route = registryRoute(asked, found.routes);
  if (route === undefined) {
    return refuse(deps, response, { refusal: 'unknown_route', service, cause: requestText(asked) });
  }
  try {
    const given = await check(deps, found, route, request, response);
    if (given.kind === 'refused') {
      const { kind: _kind, ...refused } = given;
      return refuse(deps, response, { ...refused, service, route });
    }
    record(deps, response, { outcome: 'allowed', service, route, username: given.username });
    respondAllowed(response, given.username);
  } catch (error) {
    const username = typedName(request);
    fail(deps, response, {
      service,
      route,
      error: toBrokerError(error),
      ...(username === undefined ? {} : { username }),
    });
  }
}

function clearRequest(request: Request, rest: string, proxy: RegistryProxy): RegistryRequest | string {
  if (valuesOf(request, 'authorization').length > 1) return 'several Authorization headers';
  return proxiedRequest(request, rest, proxy);
}

async function check(
  { forwardAuth }: Deps,
  { service, mode }: ForwardAuthService,
  route: RegistryRoute,
  { headers: { authorization } }: Request,
  response: Response,
): Promise<AccessAnswer> {
  const routed = { context: contextOf(response), service, route };
  if (mode === 'bearer') return forwardAuth.checkToken(routed, bearerToken(authorization));
  if (route.kind === 'ping' && authorization === undefined) {
    // Otherwise a docker that has a password would never send it.
    throw new BrokerError('login_required', 'the request has no Authorization header');
  }
  return forwardAuth.checkLogin(routed, basicLogin(authorization));
}

/** The user name that a client sent, if it can be read. */
function typedName({ headers: { authorization } }: Request): string | undefined {
  try {
    return basicLogin(authorization).credential?.username;
  } catch {
    return undefined;
  }
}

/** @returns undefined for a request without a registry token */
function bearerToken(authorization: string | undefined): Secret | undefined {
  const token = /^bearer +(?! )(\S+) *$/i.exec(authorization ?? '')?.[1];
  return token === undefined ? undefined : new Secret(token);
}

interface Refused extends Omit<Extract<AccessAnswer, { kind: 'refused' }>, 'kind'> {
  readonly service?: Service;
  readonly route?: RegistryRoute;
}

function refuse(deps: Deps, response: Response, { refusal, ...about }: Refused): void {
  record(deps, response, { outcome: refusal, ...about });
  const source = { realm: deps.tokenUrl, service: about.service?.name ?? '' };
  const needs = about.route === undefined ? [] : needsOf(about.route);
  respondRefusal(response, refusal, { source, needs, requestId: contextOf(response).requestId });
}

interface Failed extends Pick<Refused, 'service' | 'route' | 'username'> {
  readonly error: BrokerError;
}

/** A login that is refused, or an outage. */
function fail(deps: Deps, response: Response, { error, ...about }: Failed): void {
  record(deps, response, { outcome: error.code, ...about, ...error.about, cause: describeError(error) });
  respondError(response, error, contextOf(response).requestId, deps);
}

type Checked = Parameters<Audit['record']>[0] & { readonly type: 'access.checked' };

function record(
  { audit }: Deps,
  response: Response,
  {
    service,
    route,
    ...about
  }: Omit<Checked, 'type' | 'request' | 'service' | 'needs'> & {
    readonly service?: Service;
    readonly route?: RegistryRoute;
  },
): void {
  audit.record({
    type: 'access.checked',
    request: contextOf(response),
    service: service?.name ?? '',
    needs: route === undefined ? [] : needsOf(route),
    ...about,
  });
}

/** Longer texts are cut: anybody can cause them. */
const MAX_TEXT = 256;

/** Without the values of parameters, in which some clients send tokens. */
function requestText({ method, target, contentTypes }: RegistryRequest): string {
  const [path = '', ...query] = target.split('?');
  const names = query.flatMap((part) => part.split('&')).map((parameter) => parameter.replace(/=.*/s, ''));
  const shown = names.length === 0 ? path : `${path}?${names.join('&')}`;
  return [method, shown, ...contentTypes].join(' ').slice(0, MAX_TEXT);
}
