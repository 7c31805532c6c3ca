/** Connections that never become requests, and what happens when there are too many. */
import { request as requestHttps } from 'node:https';
import { describe, expect, it } from 'vitest';
import { allClosed, certificate, clientHello, openListener, requestOf } from '../../support/listener.ts';
import type { Client, TestListener } from '../../support/listener.ts';
import { waitFor } from '../../support/wait.ts';

/** Long enough for the handshake of a client that does not stop, on a machine that is busy. */
const SHORT = { tls: true, handshakeMs: 1500 };

async function connectMany(server: TestListener, count: number): Promise<readonly Client[]> {
  return Promise.all(Array.from({ length: count }, () => server.connect()));
}

/** The status of a request over TLS on a connection of its own. */
function askTls(port: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  requestHttps({ host: '127.0.0.1', port, path: '/', agent: false, rejectUnauthorized: false }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on('error', reject)
    .end();
  return promise;
}

describe('acceptance 21: a TLS handshake', () => {
  it.each([
    ['that does not begin', async () => Buffer.alloc(0)],
    ['that stops within the first message', async () => (await clientHello()).subarray(0, 40)],
    ['that stops after the first message', clientHello],
  ])('%s ends at both ends when its time is over', async (_what, bytes) => {
    await using server = await openListener((_request, response) => void response.end(), SHORT);
    const clients = await connectMany(server, 20);

    for (const client of clients) client.send(await bytes());
    await waitFor('the connections to be accepted', () => server.listener.connections() + server.closed.length === 20);
    const during = await askTls(server.port);
    await allClosed(clients);
    await waitFor('the connections to be closed', () => server.listener.connections() === 0);

    expect(during).toBe(200);
    expect(server.closed).toEqual(Array.from({ length: 20 }, () => 'handshake'));
    expect(await askTls(server.port)).toBe(200);
  });

  it('that goes on byte by byte ends when its time is over, too', async () => {
    await using server = await openListener((_request, response) => void response.end(), SHORT);
    const [client] = await connectMany(server, 1);
    const hello = await clientHello();
    let sent = 0;
    const drip = setInterval(() => client?.send(hello.subarray(sent, ++sent)), 20);
    try {
      await waitFor('the connection to be closed', () => client?.isClosed());
      expect(sent).toBeLessThan(hello.length);
    } finally {
      clearInterval(drip);
    }
    expect(server.closed).toEqual(['handshake']);
  });

  it('that is complete is not cut off by its deadline', async () => {
    const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using server = await openListener((_request, response) => {
      begun.resolve();
      void held.promise.then(() => response.end());
    }, SHORT);

    const answer = askTls(server.port);
    await begun.promise;
    // Its deadline is later than that of the request.
    const stalled = await server.connect();
    await waitFor('the stalled handshake to end', stalled.isClosed);
    await waitFor('the request to be the only one', () => server.listener.connections() === 1);
    held.resolve();

    expect(await answer).toBe(200);
    expect(server.closed).toEqual(['handshake']);
  });

  it('that is no TLS ends at once', async () => {
    await using server = await openListener((_request, response) => void response.end(), { tls: true });
    const client = await server.connect();

    client.send(requestOf('/'));
    await waitFor('the connection to be closed', () => client.isClosed() && server.listener.connections() === 0);

    expect(client.text()).not.toContain('HTTP');
    expect(server.log.lines).toEqual([]);
  });
});

describe('acceptance 21: the limit of connections', () => {
  it.each([false, true])('closes the oldest silent ones, so that others are served (TLS: %s)', async (tls) => {
    await using server = await openListener((_request, response) => void response.end(), { tls, max: 10 });
    const clients: Client[] = [];

    for (let count = 0; count < 30; count += 1) clients.push(await server.connect());
    await waitFor('twenty to be closed', () => clients.filter(({ isClosed }) => isClosed()).length === 20);

    expect(clients.map(({ isClosed }) => isClosed())).toEqual(Array.from({ length: 30 }, (_, index) => index < 20));
    expect(server.listener.connections()).toBe(10);
    if (tls) expect(await askTls(server.port)).toBe(200);
    else {
      const client = await server.connect();
      client.send(requestOf('/'));
      await waitFor('a response', () => client.responses() === 1);
    }
    expect(server.closed).toEqual(Array.from({ length: 21 }, () => 'limit'));
    expect(server.log.lines).toMatchObject([
      { level: 'warn', message: 'connection limit reached, idle connections closed', fields: { max: 10 } },
    ]);
  });

  it('keeps requests in progress, and closes the connection that is idle longest first', async () => {
    await using server = await openListener(
      ({ url }, response) => {
        if (url !== '/slow') response.end();
      },
      { max: 3 },
    );
    const busy = await server.connect();
    busy.send(requestOf('/slow'));
    const first = await server.connect();
    const second = await server.connect();
    for (const client of [second, first]) {
      client.send(requestOf('/'));
      await waitFor('a response', () => client.responses() === 1);
    }

    const next = await server.connect();
    await waitFor('one to be closed', () => second.isClosed());
    next.send(requestOf('/slow'));
    first.send(requestOf('/slow'));
    await waitFor('one to be closed', () => server.listener.connections() === 3);
    const rejected = await server.connect();
    await waitFor('the new one to be closed', rejected.isClosed);

    expect([busy, first, next].map(({ isClosed }) => isClosed())).toEqual([false, false, false]);
  });
});

describe('acceptance 21: the limit of connections, when each is of another network', () => {
  it('closes the one that is idle longest, and not the one that has just been used', async () => {
    await using server = await openListener((_request, response) => void response.end(), { max: 3 });
    const clients: Client[] = [];
    for (const localAddress of ['127.0.1.1', '127.0.2.1', '127.0.3.1']) {
      const client = await server.connect({ localAddress });
      client.send(requestOf('/'));
      await waitFor('a response', () => client.responses() === 1);
      clients.push(client);
    }
    const [used, idle] = clients;
    used?.send(requestOf('/'));
    await waitFor('a second response', () => used?.responses() === 2);

    await server.connect({ localAddress: '127.0.4.1' });
    await waitFor('one to be closed', () => clients.some(({ isClosed }) => isClosed()));

    expect(clients.filter(({ isClosed }) => isClosed())).toEqual([idle]);
  });
});

const UNFINISHED = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbeginning';

describe('acceptance 21: the limit of connections, when clients send the bodies of their requests slowly', () => {
  /** @returns whether another client is served while so many requests are in progress as there may be connections */
  async function isAnotherServed(request: string): Promise<boolean> {
    let inProgress = 0;
    await using server = await openListener(
      ({ url }, response) => {
        if (url === '/other') response.end();
        else inProgress += 1;
      },
      { max: 5 },
    );
    const clients = await connectMany(server, 5);
    for (const client of clients) client.send(request);
    await waitFor('the requests', () => inProgress === 5);

    const other = await server.connect();
    other.send(requestOf('/other'));
    await waitFor('an answer or the end', () => other.responses() === 1 || other.isClosed());
    return other.responses() === 1;
  }

  it('serves another client', async () => {
    expect(await isAnotherServed(UNFINISHED)).toBe(true);
  });

  it('serves no other client when the requests are complete, which shows that the test can fail', async () => {
    expect(await isAnotherServed(`${UNFINISHED}${'x'.repeat(991)}`)).toBe(false);
  });

  it('keeps a request that is complete after a while', async () => {
    const complete: string[] = [];
    await using server = await openListener(
      (request) => void request.resume().on('end', () => void complete.push(request.url ?? '')),
      { max: 1 },
    );
    const client = await server.connect();
    client.send(UNFINISHED);
    client.send('x'.repeat(991));
    await waitFor('the end of the body', () => complete.length === 1);

    const other = await server.connect();
    await waitFor('the other one to be closed', other.isClosed);

    expect(client.isClosed()).toBe(false);
  });
});

describe('acceptance 21: the limit of connections, when one network uses it up', () => {
  const flooding = { localAddress: '127.0.0.9' };

  it.each([
    ['silent', ''],
    ['idle', requestOf('/')],
    ['receiving', UNFINISHED],
  ])('closes the %s connections of that network and keeps the older ones of others', async (_state, request) => {
    await using server = await openListener(
      ({ method }, response) => {
        if (method === 'GET') response.end();
      },
      { max: 10 },
    );
    const silent = await server.connect();
    const idle = await server.connect();
    idle.send(requestOf('/'));
    await waitFor('a response', () => idle.responses() === 1);

    const flood: Client[] = [];
    for (let count = 0; count < 30; count += 1) {
      const client = await server.connect(flooding);
      flood.push(client);
      client.send(request);
    }
    await waitFor('the excess to be closed', () => flood.filter(({ isClosed }) => isClosed()).length === 22);

    expect([silent, idle].map(({ isClosed }) => isClosed())).toEqual([false, false]);
  });
});

describe('closing a listener', () => {
  it.each([
    ['in a TLS handshake', true],
    ['without a request', false],
  ])('closes a connection %s at the end of the grace period', async (_what, tls) => {
    const minute = 60_000;
    await using server = await openListener((_request, response) => void response.end(), { tls, handshakeMs: minute });
    const client = await server.connect();
    await waitFor('the connection', () => server.listener.connections() === 1);

    await server.listener.close(300);

    await waitFor('the connection to be closed', client.isClosed);
    expect(server.listener.connections()).toBe(0);
  });
});

describe('a client that sends what is no HTTP', () => {
  it('gets an answer and is disconnected, though it leaves its end open', async () => {
    await using server = await openListener((_request, response) => void response.end());
    const clients = await connectMany(server, 50);

    for (const client of clients) client.send('nonsense\r\n\r\n');
    await allClosed(clients);
    // Node would close them after the 10 s that a client has for the head of a request.
    await waitFor('the connections to be closed', () => server.listener.connections() === 0, { timeoutMs: 7000 });

    expect(new Set(clients.map(({ text }) => text().split('\r\n')[0]))).toEqual(new Set(['HTTP/1.1 400 Bad Request']));
    expect(server.log.lines).toMatchObject([
      {
        level: 'debug',
        message: 'request refused by the HTTP parser',
        fields: { status: 400, cause: expect.stringMatching(/^HPE_/), client: '127.0.0.1' },
      },
    ]);
  });
});

describe('a new certificate', () => {
  it('is used for new connections', async () => {
    await using server = await openListener((_request, response) => void response.end(), { tls: true });

    server.listener.setTls(await certificate());

    expect(await askTls(server.port)).toBe(200);
  });
});
