/**
 * The way to the provider: an HTTP agent of its own, which trusts the configured authorities only, reads bounded
 * answers and follows no redirect.
 */
import type { CustomFetch, CustomFetchOptions } from 'openid-client';
import { Agent, fetch, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import type { OwnCertificate } from '../certificates.ts';
import { isLoopbackHttp } from '../oidc/issuer.ts';

export interface Connection extends AsyncDisposable {
  /** A `fetch` for openid-client whose every request, with its answer's body, ends when the signal says so. */
  fetchUntil(signal: AbortSignal): CustomFetch;
  /** Closes it once what is under way has ended; disposing of it ends that too. */
  close(): Promise<void>;
}

/** Metadata, key sets and tokens take a few KiB; a user in a thousand groups some dozens. */
export const MAX_BODY = 256 * 1024;
const BODILESS = new Set([204, 205, 304]);

export interface Way {
  /** Certificates (PEM) of the only authorities to trust; undefined: those Node brings. */
  readonly ca: readonly string[] | undefined;
  /** What the broker shows of itself; undefined: nothing. */
  readonly certificate?: OwnCertificate | undefined;
  /** The address of an HTTP proxy, through which TLS is spoken with the provider; the environment names none. */
  readonly proxy?: string | undefined;
}

export function openConnection({ ca, certificate, proxy }: Way): Connection {
  const tls = { ...(ca === undefined ? {} : { ca: [...ca] }), ...certificate };
  const settings = {
    connections: 32,
    // Shorter than a provider or proxy keeps an idle connection: a login must not meet one that is being closed.
    keepAliveTimeout: 2000,
    allowH2: false,
  };
  const agent =
    proxy === undefined
      ? new Agent({ ...settings, connect: tls })
      : new ProxyAgent({ ...settings, uri: proxy, requestTls: tls });
  const isAllowed = (url: URL): boolean => url.protocol === 'https:' || (proxy === undefined && isLoopbackHttp(url));
  let ending: Promise<void> | undefined;
  return {
    fetchUntil: (signal) => (url, options) => boundedFetch({ dispatcher: agent, isAllowed }, url, options, signal),
    close: () => agent.close(),
    [Symbol.asyncDispose]: async () => {
      await (ending ??= agent.destroy());
    },
  };
}

async function boundedFetch(
  { dispatcher, isAllowed }: { readonly dispatcher: Dispatcher; readonly isAllowed: (url: URL) => boolean },
  url: string,
  { method, headers, body }: CustomFetchOptions,
  signal: AbortSignal,
): Promise<Response> {
  const target = new URL(url);
  // Metadata names the endpoints, and openid-client lets all of them be http once the issuer may.
  if (!isAllowed(target)) {
    throw new TypeError(`the provider names an endpoint that is neither https nor loopback: ${target.origin}`);
  }
  const answer = await fetch(target, {
    dispatcher,
    method,
    headers,
    body: body === undefined || body === null ? null : textOf(body),
    redirect: 'manual',
    signal,
  });
  const text = await readBounded(answer.body);
  return new Response(BODILESS.has(answer.status) ? null : text, {
    status: answer.status,
    headers: [...answer.headers],
  });
}

function textOf(body: Exclude<CustomFetchOptions['body'], null | undefined>): string {
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString();
  throw new TypeError('only texts and forms are sent to the provider');
}

async function readBounded(body: AsyncIterable<unknown> | null): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('the provider’s answer does not consist of bytes');
    size += chunk.byteLength;
    // Leaving the loop cancels the rest of the answer.
    if (size > MAX_BODY) throw new TypeError(`the provider’s answer is longer than ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks, size));
}
