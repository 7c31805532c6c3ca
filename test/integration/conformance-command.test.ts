/** The command of the conformance suite: exit codes, reports, and servers that do not answer. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ConformanceOptions } from '../../src/conformance/command.ts';
import { runConformance } from '../../src/conformance/command.ts';
import { sendBytes } from '../../src/conformance/exchange/send-bytes.ts';
import { send } from '../../src/conformance/exchange/send.ts';
import { ALICE, ALICE_PASSWORD, startTokenServer } from '../support/faulty-token-server.ts';
import type { TokenServer } from '../support/faulty-token-server.ts';
import { createLoopbackCertificate } from '../support/loopback-certificate.ts';
import type { FaultName } from '../support/token-server-faults.ts';

const OPTIONS: ConformanceOptions = {
  server: 'server.yaml',
  only: [],
  skip: [],
  format: 'human',
  report: [],
  failOn: 'must',
  all: false,
  list: false,
  sample: false,
  rate: 100_000,
  parallel: 4,
  timeout: 60,
};

describe('the conformance command', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-conformance-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function describeServer({ description }: TokenServer): Promise<string> {
    const [key] = description.trust.keySet ?? [];
    const keys = [{ ...key?.key?.export({ format: 'jwk' }), kid: key?.kid }];
    await writeFile(join(folder, 'jwks.json'), JSON.stringify({ keys }));
    await writeFile(join(folder, 'alice.password'), `${ALICE_PASSWORD}\n`);
    const file = join(folder, 'server.yaml');
    const { service, issuer } = description;
    const users = [
      {
        name: ALICE,
        password: { file: 'alice.password' },
        rights: { 'team/app': ['pull', 'push'], 'private/app': [] },
      },
    ];
    const registries = ['distribution-3.1'];
    await writeFile(
      file,
      stringify({ version: 1, service, issuer, trust: { jwks: 'jwks.json' }, registries, users, anonymous: 'deny' }),
    );
    return file;
  }

  async function runAgainst(fault: FaultName | undefined, options: Partial<ConformanceOptions>) {
    await using server = await startTokenServer({ fault });
    const file = await describeServer(server);
    let printed = '';
    const code = await runConformance(server.url.href, { ...OPTIONS, server: file, ...options }, (text) => {
      printed += text;
    });
    return { code, printed };
  }

  it('exits with 0 when no must fails, and with 1 when one of the level does', async () => {
    const only = ['answer.*'];

    expect(await runAgainst(undefined, { only })).toMatchObject({ code: 0 });
    expect(await runAgainst('no-lifetime', { only })).toMatchObject({
      code: 0,
      printed: expect.stringContaining('FAIL     should  answer.expires-in  '),
    });
    expect(await runAgainst('no-lifetime', { only, failOn: 'should' })).toMatchObject({ code: 1 });
    expect(await runAgainst('lifetime-text', { only })).toMatchObject({ code: 1 });
  });

  it('writes reports into files, in the format of their names', async () => {
    const report = ['one.html', 'one.xml', 'one.tap', 'one.json'].map((name) => join(folder, name));

    expect(await runAgainst('no-lifetime', { only: ['answer.*'], report })).toMatchObject({ code: 0 });
    const texts = await Promise.all(report.map((path) => readFile(path, 'utf8')));
    expect(texts.map((text) => text.slice(0, 5))).toEqual(['<!doc', '<?xml', 'TAP v', '{\n  "']);
    for (const text of texts) expect(text).toContain('answer.expires-in');
  });

  it('fails the checks for which the time is over', async () => {
    const { code, printed } = await runAgainst(undefined, {
      only: ['credentials.*'],
      rate: 5,
      parallel: 1,
      timeout: 0.3,
    });

    expect(code).toBe(1);
    expect(printed).toContain('the time of --timeout is over');
  });

  it.each<[string, string | undefined, Partial<ConformanceOptions>, RegExp]>([
    ['no URL', undefined, {}, /^name the token endpoint, such as https:/],
    ['a URL with a password', 'http://a:b@127.0.0.1/token', {}, /^"http:.*is not a token endpoint; expected https:/],
    ['a check that does not exist', 'http://127.0.0.1:1/token', { only: ['nothing'] }, /^no check is called "nothing"/],
    ['a report of an unknown kind', 'http://127.0.0.1:1/token', { report: ['a.pdf'] }, /^--report a\.pdf: expected/],
    ['a server that is not there', 'http://127.0.0.1:1/token', {}, /: no answer \(ECONNREFUSED\); is it the URL/],
  ])('refuses %s with a sentence', async (_what, url, options, expected) => {
    await using server = await startTokenServer();
    const file = await describeServer(server);

    await expect(runConformance(url, { ...OPTIONS, server: file, ...options }, () => undefined)).rejects.toThrow(
      expected,
    );
  });
});

describe('an exchange', () => {
  /** A server that reacts to the first bytes of each connection. */
  async function serve(react: (socket: Socket) => void) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).once('data', () => react(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return {
      url: new URL(`http://127.0.0.1:${port}/token`),
      [Symbol.asyncDispose]: async () => {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
      },
    };
  }
  const GET = { method: 'GET', target: '/token', headers: {} };

  it.each([
    ['closes without an answer', '', /no answer/],
    ['sends something else', 'SSH-2.0-OpenSSH_9.2\r\n', /no answer \(HPE_INVALID_CONSTANT/],
    [
      'breaks off',
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
      /no answer \(ECONNRESET|the connection was closed/,
    ],
    [
      'sends more than 1 MiB',
      `HTTP/1.1 200 OK\r\nContent-Length: 1100000\r\n\r\n${'x'.repeat(1_100_000)}`,
      /the answer is larger than 1 MiB/,
    ],
  ])('with a server that %s is no answer', async (_what, bytes, expected) => {
    await using server = await serve((socket) => socket.end(bytes));

    await expect(send(server.url, GET, {})).rejects.toThrow(expected);
  });

  it('follows no redirect', async () => {
    await using server = await serve((socket) =>
      socket.end('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
    );

    expect(await send(server.url, GET, {})).toMatchObject({ status: 302, body: '' });
  });

  it('of bytes shows whether the server answers twice, or is silent', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    await using twice = await serve((socket) => {
      socket.write(answer);
      setImmediate(() => socket.write(answer));
    });
    await using silent = await serve(() => undefined);

    const { text, status } = await sendBytes(twice.url, 'x\r\n\r\n', {}, 2000);
    expect({ status, answers: text.split('HTTP/1.1').length - 1 }).toEqual({ status: 200, answers: 2 });
    expect(await sendBytes(silent.url, 'x\r\n\r\n', {}, 100)).toEqual({ text: '', status: undefined, isSilent: true });
  });

  it('over TLS trusts the authority of the server file and no other', async () => {
    await using loopback = await createLoopbackCertificate();
    const { cert, key, caFile } = loopback;
    const ca = await readFile(caFile, 'utf8');
    const server = createTlsServer({ cert, key }, (_request, response) => response.end('{}'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    try {
      for (const host of ['127.0.0.1', 'localhost']) {
        const url = new URL(`https://${host}:${port}/token`);
        expect(await send(url, GET, { ca })).toMatchObject({ status: 200, json: {} });
        await expect(send(url, GET, {})).rejects.toThrow(/^no answer \((?:UNABLE_TO_|SELF_SIGNED_)/);
        expect((await sendBytes(url, 'GET / HTTP/1.0\r\n\r\n', { ca }, 2000)).status).toBe(200);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
