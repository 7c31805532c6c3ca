/** The HTTP client over real servers on loopback. */
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { addressProblem } from '../../../../src/backends/http-client/address.ts';
import { bearerHeader } from '../../../../src/backends/http-client/bearer.ts';
import { MAX_BODY, openConnection } from '../../../../src/backends/http-client/connection.ts';
import type { HttpRequest } from '../../../../src/backends/http-client/connection.ts';
import { networkDetail } from '../../../../src/backends/http-client/network-detail.ts';
import { openRenewable } from '../../../../src/backends/http-client/renewable.ts';
import { retryAfter } from '../../../../src/backends/http-client/retry-after.ts';
import { Secret } from '../../../../src/core/identity.ts';

const GET: HttpRequest = { method: 'GET', headers: {} };
const PEER = 'the test server';

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

const LOOPBACK = ['http://127.0.0.1/'];
const soon = (): AbortSignal => AbortSignal.timeout(5000);

describe('a connection', () => {
  it('sends method, headers and body, and reads the response', async () => {
    await using server = await serve((request, response) => {
      void request.toArray().then((chunks) => response.writeHead(201).end(`${request.method} ${String(chunks)}`));
    });
    await using connection = openConnection({ peer: PEER, configured: LOOPBACK });

    const response = await connection.fetchUntil(soon())(server.url, { method: 'POST', headers: {}, body: 'text' });

    expect([response.status, await response.text()]).toEqual([201, 'POST text']);
  });

  it('follows no redirect', async () => {
    const paths: (string | undefined)[] = [];
    await using server = await serve((request, response) => {
      paths.push(request.url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await using connection = openConnection({ peer: PEER, configured: LOOPBACK });

    const { status } = await connection.fetchUntil(soon())(server.url, GET);

    expect([status, paths]).toEqual([302, ['/']]);
  });

  it('accepts a body at the bound, and refuses one that is longer', async () => {
    let size = MAX_BODY;
    await using server = await serve((_request, response) => response.end('x'.repeat(size)));
    await using connection = openConnection({ peer: PEER, configured: LOOPBACK });
    const fetch = connection.fetchUntil(soon());

    expect((await (await fetch(server.url, GET)).text()).length).toBe(MAX_BODY);
    size += 1;
    await expect(fetch(server.url, GET)).rejects.toThrow(`the response of ${PEER} is longer than ${MAX_BODY} bytes`);
  });

  it('ends a request whose body never ends when the signal aborts', async () => {
    await using server = await serve((_request, response) => void response.writeHead(200).write('begun'));
    await using connection = openConnection({ peer: PEER, configured: LOOPBACK });

    await expect(connection.fetchUntil(AbortSignal.timeout(200))(server.url, GET)).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it.each(['http://example.com/', 'ftp://127.0.0.1/', 'http://127.0.0.1.example.com/'])(
    'sends nothing to %s, which is neither https nor loopback',
    async (url) => {
      await using connection = openConnection({ peer: PEER, configured: LOOPBACK });

      await expect(connection.fetchUntil(soon())(url, GET)).rejects.toThrow(
        `${PEER} names an endpoint that is not https, nor loopback`,
      );
    },
  );

  it('sends nothing over plain http through a proxy, which would read it', async () => {
    await using connection = openConnection({ peer: PEER, configured: LOOPBACK, proxy: { url: 'http://127.0.0.1:9' } });

    await expect(connection.fetchUntil(soon())('http://127.0.0.1:9/', GET)).rejects.toThrow(
      /an endpoint that is not https/,
    );
  });

  it('sends no stream', async () => {
    await using connection = openConnection({ peer: PEER, configured: LOOPBACK });

    await expect(
      connection.fetchUntil(soon())('http://127.0.0.1:9/', { ...GET, method: 'POST', body: new ReadableStream() }),
    ).rejects.toThrow(`only texts and forms are sent to ${PEER}`);
  });

  it('fails with a detail that names the cause when no server listens', async () => {
    await using connection = openConnection({ peer: PEER, configured: LOOPBACK });

    const error = await connection
      .fetchUntil(soon())('http://127.0.0.1:1/', GET)
      .catch((cause: unknown) => cause);

    expect(networkDetail(error)).toMatch(/ECONNREFUSED|bad port/);
  });
});

describe('a renewable connection', () => {
  it('is another one after it was renewed, and the same one where that failed', async () => {
    const opened: number[] = [];
    let isBad = false;
    await using renewable = await openRenewable(async () => {
      if (isBad) throw new Error('ca.pem: no certificate');
      opened.push(opened.length);
      return { connection: openConnection({ peer: PEER, configured: LOOPBACK }), number: opened.length };
    });
    expect(renewable.current().number).toBe(1);

    await renewable.renew();
    expect(renewable.current().number).toBe(2);

    isBad = true;
    await expect(renewable.renew()).rejects.toThrow('ca.pem');
    expect(renewable.current().number).toBe(2);
  });

  it('lets requests under way end on the former connection', async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const { promise: renewed, resolve: goOn } = Promise.withResolvers<void>();
    await using server = await serve((_request, response) => {
      arrive();
      void renewed.then(() => response.end('late'));
    });
    await using renewable = await openRenewable(async () => ({
      connection: openConnection({ peer: PEER, configured: LOOPBACK }),
    }));

    const response = renewable.current().connection.fetchUntil(soon())(server.url, GET);
    await arrived;
    await renewable.renew();
    goOn();

    expect(await (await response).text()).toBe('late');
  });
});

describe('the address of a server', () => {
  it.each(['https://example.com/a?b=c', 'http://localhost:8080/', 'http://127.9.9.9/', 'http://[::1]/'])(
    'may be %s',
    (url) => {
      expect(addressProblem(url)).toBeUndefined();
    },
  );

  it.each([
    '',
    'example.com',
    'http://example.com/',
    'http://localhost.example.com/',
    'ftp://127.0.0.1/',
    'https://a:b@c/',
  ])('may not be %j', (url) => {
    expect(addressProblem(url)).toMatch(/^expected /);
  });
});

describe('the header Retry-After', () => {
  it.each([
    ['7', 7],
    ['0', 0],
    ['120', 120],
    ['86400', 120],
    ['-1', undefined],
    ['1.5', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ])('%j is %j seconds', (value, seconds) => {
    expect(retryAfter(new Headers({ 'retry-after': value }))).toBe(seconds);
  });

  it('is undefined where it is absent', () => {
    expect(retryAfter(new Headers())).toBeUndefined();
  });
});

describe('a bearer token', () => {
  const header = (text: string) => bearerHeader({ read: async () => new Secret(text) }, 'bearer');

  it('is sent as it is', async () => {
    expect(await header('abc.DEF-123_~+/=')).toBe('Bearer abc.DEF-123_~+/=');
  });

  it.each(['', 'secret-token\n', 'secret token', 'secret\u0000token', 'secrét-token'])(
    'that no header can carry is refused without its text: %j',
    async (text) => {
      const error = await header(text).catch((cause: unknown) => cause);

      expect(error).toMatchObject({ code: 'backend_unavailable', message: expect.stringMatching(/^bearer: expected/) });
      expect(String(error)).not.toContain('secr');
    },
  );
});
