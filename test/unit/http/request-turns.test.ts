/** Clients that send requests without waiting for the responses. */
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { openClient, openListener, requestOf } from '../../support/listener.ts';
import { waitFor } from '../../support/wait.ts';

const answerPath: RequestListener = ({ url }, response) => void response.end(`<${url}>`);

function paths(text: string): readonly string[] {
  return [...text.matchAll(/<(\/[^>]*)>/g)].map(([, path = '']) => path);
}

/** As many as 64 KiB hold. */
function pipelined(count: number, path: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => requestOf(path(index))).join('');
}

describe('requests that a client sends at once', () => {
  it('are answered in their order, one after the other', async () => {
    let inProgress = 0;
    let most = 0;
    await using server = await openListener(({ url }, response) => {
      inProgress += 1;
      most = Math.max(most, inProgress);
      setImmediate(() => {
        inProgress -= 1;
        response.end(`<${url}>`);
      });
    });
    await using client = await server.connect();

    client.send(pipelined(200, (index) => `/${index}`));
    await waitFor('all responses', () => paths(client.text()).length === 200);

    expect(paths(client.text())).toEqual(Array.from({ length: 200 }, (_, index) => `/${index}`));
    expect(most).toBe(1);
  });

  it('do not delay another client: it is served between two of them', async () => {
    const served: string[] = [];
    await using server = await openListener((request, response) => {
      served.push(request.url ?? '');
      answerPath(request, response);
    });

    const before = await servedBeforeAnother(server.port, served);

    expect(before).toBeLessThan(200);
  });

  it('delay another client until all are served in the HTTP server of Node, which shows that the test can fail', async () => {
    const served: string[] = [];
    const server = createServer((request, response) => {
      served.push(request.url ?? '');
      answerPath(request, response);
    });
    const listening = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', listening.resolve);
    await listening.promise;
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      expect(await servedBeforeAnother(port, served)).toBeGreaterThanOrEqual(1000);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('may have bodies, and the request after a body is answered too', async () => {
    await using server = await openListener((request, response) => {
      let size = 0;
      request.on('data', (chunk: Buffer) => {
        size += chunk.length;
      });
      request.on('end', () => response.end(`<${request.url} ${size}>`));
    });
    await using client = await server.connect();
    const post = `POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n${'\n\r\n'.repeat(20_000).slice(0, 50_000)}`;

    client.send(post + post + requestOf('/b'));
    await waitFor('three responses', () => client.responses() === 3);
    client.send(requestOf('/c'));
    await waitFor('a response on the same connection', () => client.responses() === 4);

    expect(paths(client.text())).toEqual(['/a 50000', '/a 50000', '/b 0', '/c 0']);
  });

  it('are answered although the first handler does not read its body', async () => {
    await using server = await openListener(answerPath);
    await using client = await server.connect();

    client.send(`POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n${'x'.repeat(30_000)}${requestOf('/b')}`);
    await waitFor('two responses', () => client.responses() === 2);

    expect(paths(client.text())).toEqual(['/a', '/b']);
  });

  it('are not served after a response that closes the connection', async () => {
    const served: (string | undefined)[] = [];
    await using server = await openListener(({ url }, response) => {
      served.push(url);
      response.setHeader('Connection', 'close');
      response.end('last');
    });
    await using client = await server.connect();

    client.send(pipelined(500, (index) => `/${index}`));
    await waitFor('the end of the connection', client.isClosed);

    expect(served).toEqual(['/0']);
    expect(client.responses()).toBe(1);
  });

  it('are not served to the end when their client has gone', async () => {
    const served: ServerResponse[] = [];
    await using server = await openListener((_request, response) => {
      served.push(response);
      if (served.length > 1) response.end('late');
    });
    await using client = await server.connect();

    client.send(pipelined(500, () => '/'));
    await waitFor('the first request', () => served.length === 1);
    client.socket.resetAndDestroy();
    served[0]?.end('late');
    await waitFor('the end of the connection', () => server.listener.connections() === 0);

    // The broker does not read meanwhile, so it notices when it writes.
    expect(served.length).toBeLessThan(100);
  });

  it('that cannot be parsed get one answer, after those before them', async () => {
    await using server = await openListener(answerPath);
    await using client = await server.connect();

    client.send(`${requestOf('/a')}nonsense\r\n\r\n${requestOf('/b')}`);
    await waitFor('the end of the connection', client.isClosed);

    expect(client.text()).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*<\/a>HTTP\/1\.1 400 Bad Request[\s\S]*\}$/);
    expect(client.responses()).toBe(2);
    expect(paths(client.text())).toEqual(['/a']);
  });

  it('with an expectation are refused in turn', async () => {
    await using server = await openListener(answerPath);
    await using client = await server.connect();

    client.send(`${requestOf('/a')}GET / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n${requestOf('/b')}`);
    await waitFor('three responses', () => client.responses() === 3);

    expect(client.text().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 417', 'HTTP/1.1 200']);
  });
});

describe('a client that sends and reads nothing more', () => {
  it('is disconnected when it does not read its response', async () => {
    await using server = await openListener((_request, response) => void response.end('x'.repeat(20_000_000)), {
      answerMs: 200,
    });
    await using client = await server.connect();
    client.socket.pause();

    client.send(requestOf('/'));
    await waitFor('the connection to be closed', () => server.listener.connections() === 0);
  });

  it('is not read further while its request is in progress', async () => {
    let received = 0;
    const requests: IncomingMessage[] = [];
    await using server = await openListener((request) => void requests.push(request));
    await using client = await server.connect();
    const chunk = pipelined(1000, () => '/');

    client.send(requestOf('/'));
    await waitFor('the first request', () => requests.length === 1);
    for (let index = 0; index < 1000; index += 1) client.socket.write(chunk);
    await waitFor('the client to be blocked', () => client.socket.writableLength > 1_000_000);
    received = requests[0]?.socket.bytesRead ?? 0;

    // One chunk is taken from the kernel, and the stream reads one ahead.
    expect(received).toBeLessThan(256 * 1024);
    expect(requests).toHaveLength(1);
  });
});

/** How many of 1,900 pipelined requests are served before one of another client that came at the same time. */
async function servedBeforeAnother(port: number, served: readonly string[]): Promise<number> {
  await using flood = await openClient(port);
  await using other = await openClient(port);
  // Both are idle and known to the server.
  flood.send(requestOf('/first'));
  other.send(requestOf('/first'));
  await waitFor('both connections', () => flood.responses() === 1 && other.responses() === 1);

  flood.send(pipelined(1900, () => '/flood'));
  other.send(requestOf('/other'));
  await waitFor('the other response', () => other.responses() === 2);

  return served.indexOf('/other');
}
