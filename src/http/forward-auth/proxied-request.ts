/** Reads which request of a client a reverse proxy asks about: from the headers of its kind, and from no others. */
import type { IncomingMessage } from 'node:http';
import type { RegistryProxy } from '../../core/registry-proxy.ts';
import type { RegistryRequest } from '../../core/registry-route.ts';

interface RequestHeaders {
  readonly method: string;
  readonly target: string;
}

const ORIGINAL: RequestHeaders = { method: 'x-original-method', target: 'x-original-uri' };
const FORWARDED: RequestHeaders = { method: 'x-forwarded-method', target: 'x-forwarded-uri' };

/** Undefined: the proxy repeats method and path of the client in its own request. */
const HEADERS_OF: Readonly<Record<RegistryProxy, RequestHeaders | undefined>> = {
  nginx: ORIGINAL,
  caddy: FORWARDED,
  traefik: FORWARDED,
  envoy: undefined,
};

/** The whole URL, which ingress-nginx always adds to the headers of nginx. */
const WHOLE_URL = 'x-original-url';
/** All headers by which some proxy says what is requested. */
const ALL_HEADERS = [...Object.values(ORIGINAL), ...Object.values(FORWARDED), WHOLE_URL];

/** A proxy that neither sets nor removes them passes on what a client sends. */
const CURE = 'let the proxy set the headers of its kind and remove the others';

/**
 * @param rest what follows the name of the service in the URL, with the query
 * @returns the request of the client, or a sentence that says what is not clear
 */
export function proxiedRequest(
  request: Pick<IncomingMessage, 'method' | 'rawHeaders'>,
  rest: string,
  proxy: RegistryProxy,
): RegistryRequest | string {
  const own = HEADERS_OF[proxy];
  const names: readonly string[] =
    own === undefined ? [] : [...Object.values(own), ...(own === ORIGINAL ? [WHOLE_URL] : [])];
  const foreign = ALL_HEADERS.find((name) => !names.includes(name) && valuesOf(request, name).length > 0);
  if (foreign !== undefined) return `the header ${foreign}, which ${proxy} does not send: ${CURE}`;
  const contentTypes = valuesOf(request, 'content-type');
  if (own === undefined) return { method: request.method ?? '', target: rest, contentTypes };
  if (!/^(?:\?|$)/.test(rest)) return `a path after the name of the service, which ${proxy} does not send`;
  const method = only(valuesOf(request, own.method));
  const target = only(valuesOf(request, own.target));
  if (method === undefined || target === undefined) {
    return `the headers ${own.method} and ${own.target} must each be there once: ${CURE}`;
  }
  // Where ingress-nginx is not configured to set the header with the target, that header is one of the client.
  if (valuesOf(request, WHOLE_URL).some((url) => url.replace(/^https?:\/\/[^/]*/, '') !== target)) {
    return `the headers ${WHOLE_URL} and ${own.target} differ: for ingress-nginx, set the annotation auth-method`;
  }
  return { method, target, contentTypes };
}

/** Each header line by itself: Node joins or drops the others. */
export function valuesOf({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): readonly string[] {
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

function only(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}
