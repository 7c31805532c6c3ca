/** Asks a broker on this machine whether it is alive, as its container does. */
import type { RequestOptions } from 'node:http';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { withoutBrackets } from '../core/address.ts';

export interface HealthTarget {
  /** For messages, such as `https://127.0.0.1:5001/healthz`. */
  readonly name: string;
  readonly isTls: boolean;
  readonly options: RequestOptions;
}

const PATH = '/healthz';

/** The admin listener if there is one, because it has no TLS; otherwise the main listener. */
export function healthTarget({ listen, admin, tls }: Pick<BrokerConfig, 'listen' | 'admin' | 'tls'>): HealthTarget {
  const address = admin?.listen ?? listen;
  const isTls = admin === undefined && tls !== undefined;
  if ('socket' in address) {
    return { name: `unix:${address.socket}`, isTls, options: { socketPath: address.socket, path: PATH } };
  }
  const { port } = address;
  const host = LOOPBACK[address.host] ?? address.host;
  const name = `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}${PATH}`;
  return { name, isTls, options: { host, port, path: PATH } };
}

/** A listener on all addresses is reached by the loopback address. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** @throws Error when the URL is not http or https */
export function urlTarget(text: string): HealthTarget {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Error(`found "${text}", expected an http or https URL`);
  const { protocol, hostname, port, pathname } = url;
  const isTls = protocol === 'https:';
  const host = withoutBrackets(hostname);
  return { name: text, isTls, options: { host, port: port === '' ? (isTls ? 443 : 80) : port, path: pathname } };
}

/** @returns the status of the answer, or the reason why there is none */
export async function checkHealth({ isTls, options }: HealthTarget, timeoutMs: number): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  // A container runs this every few seconds, and mostly without TLS.
  const { request: send } = isTls ? await import('node:https') : await import('node:http');
  // The certificate has the public name, not this address. The request has no secret, and the answer is a status.
  const trust = isTls ? { rejectUnauthorized: false } : {};
  const request = send({ agent: false, ...options, ...trust, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.on('error', (error: NodeJS.ErrnoException) => {
    resolve(error.name === 'AbortError' ? `no answer within ${timeoutMs} ms` : (error.code ?? error.message));
  });
  request.end();
  return promise;
}
