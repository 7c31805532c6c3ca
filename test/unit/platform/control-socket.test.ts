import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createConnection, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { createControlServer } from '../../../src/http/control-server.ts';
import {
  askRunningBroker,
  ControlUnavailable,
  openControlSocket,
  stateOf,
} from '../../../src/platform/control-socket.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-control-'));
  path = join(folder, 'control.sock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A server that answers with the request. */
const echo = () =>
  createControlServer(
    (request, response) => void echoed(request, response).catch(() => response.destroy()),
    () => 'id-1',
  );

async function echoed(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.end(JSON.stringify({ url: request.url, body: await text(request) }));
}

async function opened(server = echo()): Promise<void> {
  const socket = await openControlSocket(path, server);
  onTestFinished(() => socket[Symbol.asyncDispose]());
}

async function sendRaw(line: string): Promise<string> {
  const socket = createConnection(path);
  socket.on('error', () => undefined);
  socket.write(line);
  return text(socket).catch(() => '');
}

const GET = { method: 'GET', path: '/x?y=1' } as const;

it('the control socket carries a request and its answer, and only its owner can open it', async () => {
  await opened();

  expect(await askRunningBroker(path, { method: 'POST', path: '/flush', body: { backend: 'corp' } })).toEqual({
    status: 200,
    json: { url: '/flush', body: '{"backend":"corp"}' },
  });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('the control socket answers what is no HTTP with 400, and serves the next request', async () => {
  await opened();

  expect(await sendRaw('\u0000\u0001 no request\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\(request id-1\)/,
  );
  expect(await askRunningBroker(path, GET)).toMatchObject({ status: 200 });
});

it('the control socket closes a connection whose header does not end, and serves the next', async () => {
  await opened();

  const client = createConnection(path);
  client.on('error', () => undefined);
  client.resume();
  client.write('GET / HTTP/1.1\r\n');
  // A client that goes on sending never reaches an idle timeout: only the limit of a header ends it.
  const sending = setInterval(() => client.write(`x: ${'x'.repeat(4000)}\r\n`), 20);
  onTestFinished(() => clearInterval(sending));
  await once(client, 'close');

  expect(client.bytesWritten).toBeLessThan(400_000);
  expect(await askRunningBroker(path, GET)).toMatchObject({ status: 200 });
});

it('a command of an older version reads from a newer broker that the versions differ', async () => {
  await opened();

  const answer: unknown = JSON.parse(await sendRaw('{"command":"flush"}\n'));

  expect(answer).toEqual({ ok: false, said: expect.stringContaining('newer version than this command') });
});

it('a command says that the broker is of an older version when it answers with a line of JSON', async () => {
  const server = createTcpServer((socket) =>
    socket.once('data', () => socket.end('{"ok":false,"said":"the request is not valid"}\n')),
  );
  server.listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');

  const asked = askRunningBroker(path, GET);

  await expect(asked).rejects.toThrow(ControlUnavailable);
  await expect(asked).rejects.toMatchObject({
    reason: 'older',
    message: expect.stringContaining('restart the broker'),
  });
});

it.each([
  ['is no JSON', 'nonsense'],
  ['is longer than any of ours', `"${'x'.repeat(9 * 1024 * 1024)}"`],
])('an answer that %s counts as none', async (_what, body) => {
  await opened(createServer((_request, response) => void response.end(body)));

  await expect(askRunningBroker(path, GET)).rejects.toMatchObject({ reason: 'silent' });
});

it('a broker that does not answer in time is silent, and has its socket', async () => {
  await opened(createServer(() => undefined));

  await expect(askRunningBroker(path, { ...GET, timeoutMs: 50 })).rejects.toMatchObject({ reason: 'silent' });
  expect(await stateOf(path)).toBe('running');
});

it('the control socket of a running broker is never taken over', async () => {
  await opened();

  await expect(openControlSocket(path, echo())).rejects.toThrow('another running broker');
});

it('a file that is not a socket is never removed for the control socket', async () => {
  await writeFile(path, 'precious');

  await expect(openControlSocket(path, echo())).rejects.toThrow('EADDRINUSE');
});

it('a path that is too long for the control socket is an error that names stateDir', async () => {
  await expect(openControlSocket(join(folder, 'x'.repeat(100)), echo())).rejects.toThrow('shorter stateDir');
});

it(
  'the control socket is removed when it is closed, although a client has sent half a request',
  { timeout: 10_000 },
  async () => {
    const socket = await openControlSocket(path, echo());
    const client = createConnection(path);
    client.on('error', () => undefined);
    client.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n');
    await once(client, 'connect');
    await askRunningBroker(path, GET);

    await socket[Symbol.asyncDispose]();

    await expect(askRunningBroker(path, GET)).rejects.toThrow('no running broker answers');
  },
);
