/** The HTTP client against servers that misbehave, on sockets that this test writes itself. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openConnection } from '../../src/backends/http-client/connection.ts';
import { networkDetail } from '../../src/backends/http-client/network-detail.ts';

interface RawServer extends AsyncDisposable {
  readonly url: string;
}

/** Answers each request with what `write` writes. */
async function rawServer(write: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => write(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const REQUEST = { method: 'GET', headers: {}, body: undefined } as const;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';

async function ask(configured: string, target: string): Promise<Response> {
  await using connection = openConnection({ peer: 'the provider', configured: [configured] });
  return await connection.fetchUntil(AbortSignal.timeout(10_000))(target, REQUEST);
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  return networkDetail(
    await work.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
}

describe('the HTTP client', () => {
  it('reads an answer after a few informational responses', async () => {
    await using server = await rawServer((socket) => socket.end(HINT.repeat(3) + OK));

    const answer = await ask(server.url, server.url);

    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('{}');
  });

  it('fails a request whose server sends informational responses without end', async () => {
    await using server = await rawServer((socket) => {
      const more = (): void => void socket.write(HINT.repeat(50), (error) => (error ? undefined : setImmediate(more)));
      more();
    });

    expect(await failureOf(ask(server.url, server.url))).toBe('more than 10 informational responses (1xx)');
  });

  it('sends nothing to a loopback address that an https provider names', async () => {
    let requests = 0;
    await using server = await rawServer((socket) => {
      requests += 1;
      socket.end(OK);
    });

    const refused = await failureOf(ask('https://id.example.com/', server.url));
    await ask(server.url, server.url);

    expect(refused).toMatch(/names an endpoint that is not https/);
    // The control: the second request, of a provider on loopback, arrived.
    expect(requests).toBe(1);
  });

  it('says in words that an answer is not HTTP', async () => {
    await using server = await rawServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));

    const detail = await failureOf(ask(server.url, server.url));

    expect(detail).not.toContain('undefined');
    expect(detail).toMatch(/HTTP|HPE_/);
  });
});
