/** The sample pages on a local port, with the headers that a broker sends. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SCRIPT, STYLE } from '../../src/pages/assets.ts';
import type { Samples } from './page-samples/sample.ts';

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

export interface SampleServer extends AsyncDisposable {
  readonly url: string;
}

/** Serves each page under its name. */
export async function serveSamples(samples: Samples): Promise<SampleServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const [type, body] = answer(path, samples);
    response.writeHead(body === undefined ? 404 : 200, {
      'Content-Type': type,
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(body);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(path: string, samples: Samples): readonly [string, string | undefined] {
  if (path === '/console/assets/style.css') return ['text/css', STYLE];
  if (path === '/console/assets/app.js') return ['text/javascript', SCRIPT];
  // A page that goes on by itself would go to a program on the computer, which is not there.
  const page = samples[path.slice(1)]?.()
    .toString()
    .replace(/<meta http-equiv="refresh"[^>]*>/, '');
  return ['text/html; charset=utf-8', page];
}
