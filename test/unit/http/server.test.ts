/** The listener: limits, requests that cannot be parsed, and closing without losing a request. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ListenAddress } from '../../../src/core/listen-address.ts';
import { listenError } from '../../../src/http/listen-error.ts';
import { HTTP_LIMITS, listen } from '../../../src/http/server.ts';
import { countingIds, recordingLog } from '../../support/fakes.ts';

const open = (handler: RequestListener, address: ListenAddress = { host: '127.0.0.1', port: 0 }) =>
  listen(handler, {
    key: 'listen',
    address,
    tls: undefined,
    newRequestId: countingIds().next,
    limits: { max: 100, handshakeMs: 1000, answerMs: 60_000 },
    onLimit: () => undefined,
    log: recordingLog(),
  });

/** Sends bytes and reads until the server closes the connection. */
function talk(url: string, bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  connect(Number(new URL(url).port), '127.0.0.1')
    .setEncoding('utf8')
    .on('data', (chunk: string) => {
      text += chunk;
    })
    .on('error', reject)
    .on('close', () => resolve(text))
    .write(bytes);
  return promise;
}

describe('the listener', () => {
  it('limits the size and the duration of every request', () => {
    const { maxHeaderSize, headersTimeout, requestTimeout, connectionsCheckingInterval } = HTTP_LIMITS;

    expect(maxHeaderSize).toBe(64 * 1024);
    for (const milliseconds of [headersTimeout, requestTimeout, connectionsCheckingInterval]) {
      expect(milliseconds).toBeGreaterThan(0);
      expect(milliseconds).toBeLessThanOrEqual(20_000);
    }
  });

  it.each([
    ['text that is not HTTP', 'NONSENSE\r\n\r\n', '400 Bad Request', 'INVALID_REQUEST'],
    [
      'a head over 64 KiB',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(66_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
      'SIZE_INVALID',
    ],
  ])('answers %s in JSON with a request id, and closes the connection', async (_what, bytes, status, code) => {
    let calls = 0;
    const listener = await open(() => {
      calls += 1;
    });

    const answer = await talk(listener.url, bytes);
    await listener.close(0);

    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status}\r\n`);
    expect(head).toContain('Connection: close');
    expect(head).toContain('Cache-Control: no-store');
    expect(JSON.parse(body)).toMatchObject({ errors: [{ code, message: expect.stringContaining('(request id-1)') }] });
    expect(calls).toBe(0);
  });

  it('waits at its end for a request in flight, whose answer closes the connection', async () => {
    const started = Promise.withResolvers<void>();
    const proceed = Promise.withResolvers<void>();
    const listener = await open((_request, response) => {
      started.resolve();
      void proceed.promise.then(() => response.end('done'));
    });
    const answered = get(listener.url);
    await started.promise;

    const closed = listener.close(10_000);
    await refusedConnection(listener.url);
    proceed.resolve();

    expect(await answered).toEqual({ text: 'done', connection: 'close' });
    await closed;
  });

  it('cuts a request in flight when its grace is over', async () => {
    const started = Promise.withResolvers<void>();
    const listener = await open(() => started.resolve());
    const answered = get(listener.url).catch((error: NodeJS.ErrnoException) => error.code);
    await started.promise;

    await listener.close(0);

    expect(await answered).toBe('ECONNRESET');
  });

  it('replaces the socket file of a killed broker, for its owner and group, and no other file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-listen-'));
    const socket = join(folder, 'broker.sock');
    const file = join(folder, 'file');
    await writeFile(file, 'kept');

    const first = await open((_request, response) => void response.end(), { socket });
    const second = await open((_request, response) => void response.end(), { socket });
    const mode = (await stat(socket)).mode & 0o777;
    const refused = open(() => undefined, { socket: file });

    expect(second.url).toBe(`unix:${socket}`);
    expect(mode.toString(8)).toBe('660');
    await expect(refused).rejects.toThrow(`cannot listen on unix:${file}`);
    await first.close(0);
    await second.close(0);
    await rm(folder, { recursive: true });
  });
});

describe('a listener that cannot be opened', () => {
  it('names the configuration key, and the command that shows which process uses the port', async () => {
    const first = await open((_request, response) => void response.end());
    const port = Number(new URL(first.url).port);

    await expect(open(() => undefined, { host: '127.0.0.1', port })).rejects.toThrow(
      `listen: cannot listen on 127.0.0.1:${port}: another process uses port ${port}, perhaps a broker that runs already; find it with: ss -ltnp 'sport = :${port}'`,
    );
    await first.close(0);
  });

  it.each([
    ['EAFNOSUPPORT', '::', '[::]:5001: this machine has no IPv6; set 0.0.0.0:5001'],
    ['EAFNOSUPPORT', '::1', '[::1]:5001: this machine has no IPv6; set 127.0.0.1:5001'],
    ['EADDRNOTAVAIL', '2001:db8::1', '2001:db8::1 is not an address of this machine; set one that is, or [::]:5001'],
    ['EACCES', '0.0.0.0', 'this user may not use port 5001; set a port above 1023'],
    ['ENOTFOUND', 'broker.invalid', 'the name broker.invalid cannot be resolved; set an address'],
    ['EIO', '0.0.0.0', 'admin.listen: cannot listen on 0.0.0.0:5001'],
  ])('says what to do: %s for %s', (code, host, text) => {
    const cause = Object.assign(new Error(code), { code });

    expect(listenError('admin.listen', { host, port: 5001 }, cause).message).toContain(text);
  });
});

function get(url: string): Promise<{ readonly text: string; readonly connection: string | undefined }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ text: string; connection: string | undefined }>();
  request(url, { headers: { connection: 'keep-alive' } }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ text, connection: response.headers.connection }));
  })
    .on('error', reject)
    .end();
  return promise;
}

/** Resolves when the listener accepts no connection any more. It waits between tries, as `close` waits for a quiet moment. */
async function refusedConnection(url: string): Promise<void> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
      .once('connect', () => resolve(false))
      .once('error', () => resolve(true));
    const isRefused = await promise;
    socket.destroy();
    if (isRefused) return;
    await new Promise((done) => setTimeout(done, 150));
  }
}
