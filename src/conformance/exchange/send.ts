/** Sends one HTTP request exactly as described, follows no redirect and changes nothing in the answer. */
import { request as requestPlain } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import { endpointOf } from './endpoint.ts';

/** Milliseconds that docker waits for a token server. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Go clients accept more than the default of Node.js. */
const MAX_HEADER_BYTES = 512 * 1024;
const MAX_BODY_BYTES = 1024 * 1024;

export interface Sent {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  /** Values by name in lower case; several values are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body as JSON; undefined: it is not JSON. */
  readonly json: unknown;
  /** Milliseconds from the request to the end of the answer. */
  readonly took: number;
}

/** There was no HTTP answer. The message says why, without anything of the request. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** @throws NoAnswer when the server cannot be reached, breaks off, is late, or sends more than 1 MiB */
export function send(origin: URL, sent: Sent, tls: { readonly ca?: string }): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const started = performance.now();
  const { host, port, isTls } = endpointOf(origin);
  const options: RequestOptions & { ca?: string } = {
    host,
    port,
    method: sent.method,
    path: sent.target,
    headers: { Host: origin.host, ...sent.headers, ...lengthOf(sent) },
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    ...(isTls ? tls : {}),
  };
  const outgoing = (isTls ? requestTls : requestPlain)(options, (incoming) => {
    readBody(incoming).then(
      (body) => resolve(answerOf(incoming, body, performance.now() - started)),
      (error: unknown) => reject(noAnswer(error)),
    );
  });
  const timer = setTimeout(
    () => outgoing.destroy(new NoAnswer(`no answer in ${ANSWER_TIMEOUT_MS / 1000} seconds`)),
    ANSWER_TIMEOUT_MS,
  );
  outgoing.on('error', (error) => reject(noAnswer(error)));
  outgoing.on('close', () => {
    clearTimeout(timer);
    // Without an earlier outcome, the connection was closed before the answer.
    reject(new NoAnswer('the connection was closed without an answer'));
  });
  outgoing.end(sent.body);
  return promise;
}

function lengthOf({ body }: Sent): Readonly<Record<string, string>> {
  return body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new NoAnswer('the answer is larger than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answerOf(incoming: IncomingMessage, body: string, took: number): Answer {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(incoming.headersDistinct)) headers[name] = (values ?? []).join(', ');
  return { status: incoming.statusCode ?? 0, headers, body, json: parseJson(body), took };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function noAnswer(error: unknown): NoAnswer {
  if (error instanceof NoAnswer) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const text = error instanceof Error ? error.message : '';
  return new NoAnswer(`no answer (${code}${text === '' || text.includes(code) ? '' : `: ${text}`})`, { cause: error });
}
