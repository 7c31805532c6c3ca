/**
 * Compares `registryRoute` with a real registry that demands tokens. The challenge of its 401 names the repositories and
 * actions that it would authorise for the same text: its own reading of the request, before it has done anything.
 */
import { Agent, request as sendRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { missingAccess } from '../../src/core/access.ts';
import { EXTRA_ROUTES, needsOf, registryRoute } from '../../src/core/registry-route.ts';
import type { RegistryRequest, RegistryRoute } from '../../src/core/registry-route.ts';
import { formatScope, parseScopes } from '../../src/core/scope.ts';
import type { Scope } from '../../src/core/scope.ts';
import { createRandom } from '../support/random.ts';
import { randomRequest } from './targets.ts';

export interface RouteReport {
  readonly requests: number;
  /** Requests that have a route and were sent, by what the registry says. */
  readonly routed: number;
  /** Requests that have a route which this registry does not have: it answers 404, and reads no repository. */
  readonly unrouted: number;
  readonly disagreements: readonly string[];
}

interface RouteRun {
  readonly count: number;
  readonly seed: number;
  readonly port: number;
  /** What is compared; default: `registryRoute`. */
  readonly routeOf?: (request: RegistryRequest) => RegistryRoute | undefined;
}

/** Requests that are sent at the same time. */
const CONNECTIONS = 8;
const MAX_DISAGREEMENTS = 20;
const OPTIONS = { allowRoutes: EXTRA_ROUTES, mountAnywhere: true } as const;

export async function compareRoutes({ count, seed, port, routeOf = strictRoute }: RouteRun): Promise<RouteReport> {
  const random = createRandom(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const totals = { requests: 0, routed: 0, unrouted: 0 };
  const disagreements: string[] = [];
  const work = async (): Promise<void> => {
    while (totals.requests < count && disagreements.length < MAX_DISAGREEMENTS) {
      totals.requests += 1;
      const request = randomRequest(random);
      const route = routeOf(request);
      if (route === undefined) continue;
      const verdict = verdictOf(route, request, await answerTo(request, port, agent));
      if (verdict === 'routed' || verdict === 'unrouted') totals[verdict] += 1;
      else disagreements.push(`${request.method} ${JSON.stringify(request.target)}: ${verdict}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  agent.destroy();
  return { ...totals, disagreements };
}

export function strictRoute(request: RegistryRequest): RegistryRoute | undefined {
  return registryRoute(request, OPTIONS);
}

interface RegistryAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** @returns status 0 for a text that cannot be sent, or that closes the connection */
export async function answerTo(
  { method, target, contentTypes }: RegistryRequest,
  port: number,
  agent?: Agent,
  body = '',
): Promise<RegistryAnswer> {
  const { promise, resolve } = Promise.withResolvers<RegistryAnswer>();
  const failed = (): void => resolve({ status: 0, headers: {} });
  try {
    const headers = {
      'Content-Length': body.length,
      ...(contentTypes.length === 0 ? {} : { 'Content-Type': [...contentTypes] }),
    };
    const sent = sendRequest({
      host: '127.0.0.1',
      port,
      method,
      path: target,
      headers,
      ...(agent === undefined ? {} : { agent }),
    });
    sent.on('error', failed);
    sent.on('response', (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.end(body);
  } catch {
    failed();
  }
  return promise;
}

/** Routes of other registries, which distribution answers with 404. */
const OTHER_REGISTRIES = /\/referrers\/[^/]*$|^\/v2\/_(?:oci|zot)\/[^?]*$/;

function verdictOf(
  route: RegistryRoute,
  { method, target }: RegistryRequest,
  { status, headers }: RegistryAnswer,
): string {
  if (status === 404 && OTHER_REGISTRIES.test(target.replace(/\?.*/, ''))) return 'unrouted';
  if (status !== 401) return `status ${status}, location ${headers.location ?? 'none'}`;
  const needs = needsOf(route);
  const found = challengeScopes(headers);
  // Whatever distribution asks for here: it answers OPTIONS with the list of methods.
  if (route.kind === 'open') return 'routed';
  if (namesOf(needs) !== namesOf(found)) return `expected ${namesOf(needs)}, found ${namesOf(found)}`;
  // distribution asks for `delete` to cancel an upload, which a client that may push should be able to do.
  const isCancel = method === 'DELETE' && needs.some(({ actions }) => actions.includes('push'));
  const missing = isCancel ? [] : missingAccess(found, needs);
  return missing.length === 0 ? 'routed' : `does not ask for ${missing.map(formatScope).join(' ')}`;
}

export function challengeScopes(headers: IncomingHttpHeaders): readonly Scope[] {
  const [, text = ''] = /scope="([^"]*)"/.exec(headers['www-authenticate'] ?? '') ?? [];
  return parseScopes([text]).scopes;
}

function namesOf(scopes: readonly Scope[]): string {
  const names = scopes.map(({ type, name }) => `${type}:${name}`);
  return [...new Set(names)].toSorted().join(' ');
}
