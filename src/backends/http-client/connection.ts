/**
 * HTTP requests to one server. A connection trusts the configured authorities only, bounds every response, follows no
 * redirect, and reads no proxy from the environment.
 */
import { Agent, fetch, ProxyAgent } from 'undici';
import type { OwnCertificate } from '../certificates.ts';
import { endpointCheck } from './endpoint-check.ts';
import { limitInformational } from './informational.ts';

interface ConnectionSettings {
  /** Who answers, as the subject of an error message: `the provider`. */
  readonly peer: string;
  /** The addresses in the configuration; see `endpointCheck`. */
  readonly configured: readonly string[];
  /** Certificates (PEM) of the only trusted authorities; undefined: those that Node.js includes. */
  readonly ca?: readonly string[] | undefined;
  /** The certificate that the broker presents; undefined: none. */
  readonly certificate?: OwnCertificate | undefined;
  /** An HTTP proxy, which passes TLS through (CONNECT); undefined: none. */
  readonly proxy?: Proxy | undefined;
}

export interface Proxy {
  readonly url: string;
  /** The value of `Proxy-Authorization`. It is sent to the proxy only, and is a secret. */
  readonly authorization?: string;
}

export interface Connection extends AsyncDisposable {
  /** A `fetch` whose requests end when the signal aborts, also while a body is read. */
  fetchUntil(signal: AbortSignal): BoundedFetch;
  /** Closes the connection after the requests under way. Disposing ends those, too. */
  close(): Promise<void>;
}

/**
 * The response has been read whole. Redirects are answers like any other.
 *
 * @throws TypeError when `endpointCheck` does not allow the address, the response exceeds `MAX_BODY`, or the server
 *   cannot be reached; see `networkDetail`
 * @throws the signal's reason when it aborts
 */
export type BoundedFetch = (url: string, request: HttpRequest) => Promise<Response>;

export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A string or URLSearchParams. Nothing else is sent: a stream could have no end. */
  readonly body?: unknown;
}

/** Bytes. Metadata, key sets and tokens take a few KiB; a user in a thousand groups takes some dozens. */
export const MAX_BODY = 256 * 1024;
/** Statuses for which `Response` accepts no body. */
const BODILESS = new Set([204, 205, 304]);

export function openConnection({ peer, configured, ca, certificate, proxy }: ConnectionSettings): Connection {
  const tls = { ...(ca === undefined ? {} : { ca: [...ca], allowPartialTrustChain: true }), ...certificate };
  const settings = {
    connections: 32,
    // Shorter than the idle timeout of servers and proxies: a login must not use a connection that is being closed.
    keepAliveTimeout: 2000,
    allowH2: false,
  };
  const agent =
    proxy === undefined
      ? new Agent({ ...settings, connect: tls })
      : new ProxyAgent({
          ...settings,
          uri: proxy.url,
          requestTls: tls,
          ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
        });
  const dispatcher = agent.compose(limitInformational);
  const isAllowed = endpointCheck(configured, proxy !== undefined);
  let ending: Promise<void> | undefined;

  async function boundedFetch(url: string, request: HttpRequest, signal: AbortSignal): Promise<Response> {
    const target = new URL(url);
    // The configuration schema checks configured addresses; others come from the peer, as endpoints in metadata do.
    if (!isAllowed(target)) {
      throw new TypeError(
        `${peer} names an endpoint that is not https, nor loopback of a server on loopback: ${target.origin}`,
      );
    }
    const { method, headers, body } = request;
    const response = await fetch(target, {
      dispatcher,
      method,
      headers: { ...headers },
      body: textOf(body, peer),
      redirect: 'manual',
      signal,
    });
    const bytes = await readBounded(response.body, peer);
    return new Response(BODILESS.has(response.status) ? null : bytes, {
      status: response.status,
      headers: [...response.headers],
    });
  }

  return {
    fetchUntil: (signal) => (url, request) => boundedFetch(url, request, signal),
    close: () => agent.close(),
    [Symbol.asyncDispose]: async () => {
      await (ending ??= agent.destroy());
    },
  };
}

function textOf(body: unknown, peer: string): string | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString();
  throw new TypeError(`only texts and forms are sent to ${peer}`);
}

async function readBounded(body: AsyncIterable<unknown> | null, peer: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError(`the response of ${peer} does not consist of bytes`);
    size += chunk.byteLength;
    // Leaving the loop cancels the rest of the response.
    if (size > MAX_BODY) throw new TypeError(`the response of ${peer} is longer than ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks, size));
}
