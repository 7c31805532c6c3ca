/** Where the broker listens: TLS with a certificate that is replaced, a socket file, behind a proxy. */
import { readFile, stat } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { claimsOf, MAIN, startBroker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { createLoopbackCertificate, OPENSSL } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

const SERVICE = 'registry.example.com';
const CONFIG = { services: { [SERVICE]: { anonymous: 'allow' } }, policy: 'policy.yaml' } as const;
const INSIDE_POLICY = JSON.stringify({
  rules: [{ name: 'inside', everyone: true, clients: ['10.0.0.0/8'], repositories: ['**'], allow: 'pull' }],
});
const FILES = { 'policy.yaml': INSIDE_POLICY } as const;

describe.skipIf(findPart(OPENSSL) === undefined)('TLS', () => {
  it('uses a certificate that has changed for new connections', async () => {
    await using first = await createLoopbackCertificate();
    await using second = await createLoopbackCertificate();
    await using broker = await startBroker({
      config: { ...CONFIG, tls: { certFile: 'tls.crt', keyFile: 'tls.key' } },
      files: { ...FILES, 'tls.crt': first.cert, 'tls.key': first.key },
      ready: false,
    });
    const issuerSerial = async (ca: string): Promise<string> => {
      const { message } = await send(
        { port: broker.port, path: '/healthz', ca: await readFile(ca) } as RequestOptions,
        true,
      );
      return `${message.statusCode} ${(message.socket as TLSSocket).getPeerX509Certificate()?.serialNumber ?? ''}`;
    };
    const atFirst = await waitFor('the broker', () => issuerSerial(first.caFile));

    await broker.write('tls.key', second.key);
    await broker.write('tls.crt', second.cert);

    const then = await waitFor('the second certificate', () => issuerSerial(second.caFile));
    expect(atFirst).toMatch(/^200 [0-9A-F]+$/);
    expect(then).not.toBe(atFirst);
    await expect(issuerSerial(first.caFile)).rejects.toThrow(/unable to verify|self-signed|certificate/);
  });

  it('keeps the certificate in use when a file is empty, and says which and what to do', async () => {
    await using certificate = await createLoopbackCertificate();
    const adminPort = await freePort();
    await using broker = await startBroker({
      config: {
        ...CONFIG,
        tls: { certFile: 'tls.crt', keyFile: 'tls.key' },
        admin: { listen: `127.0.0.1:${adminPort}` },
      },
      files: { ...FILES, 'tls.crt': certificate.cert, 'tls.key': certificate.key },
      ready: false,
    });
    const ca = await readFile(certificate.caFile);
    const status = async (): Promise<number | undefined> =>
      (await send({ port: broker.port, path: '/healthz', ca } as RequestOptions, true)).message.statusCode;
    await waitFor('the broker', status);

    await broker.write('tls.crt', '');
    const line = await broker.waitForLine(({ message }) => message.startsWith('TLS certificate NOT reloaded'));
    const metrics = await send({ port: adminPort, path: '/metrics' });

    expect(line).toMatchObject({
      level: 'error',
      cause: expect.stringMatching(/tls\.crt is empty; write the new file/),
    });
    expect(await status()).toBe(200);
    expect(metrics.text).toMatch(/^fairlead_tls_certificate_expiry_timestamp_seconds 1\.?\d+/m);
  });

  it.each([
    ['is empty', ''],
    ['is garbage', 'garbage'],
  ])('does not start, and check refuses, when the certificate %s', async (_what, cert) => {
    await using certificate = await createLoopbackCertificate();
    await using broker = await startBroker({
      config: { ...CONFIG, tls: { certFile: 'tls.crt', keyFile: 'tls.key' } },
      files: { ...FILES, 'tls.crt': cert, 'tls.key': certificate.key },
      ready: false,
    });

    const exit = await broker.process.exited;
    const check = await run(process.execPath, [MAIN, 'check', '--config', join(broker.folder, 'broker.yaml')]);

    expect([exit.code, check.code]).toEqual([2, 2]);
    for (const text of [broker.process.stderr(), check.stderr])
      expect(text).toMatch(/tls\.crt (?:is empty|has no valid)/);
  });

  it('starts with an expired certificate, and warns', async () => {
    await using certificate = await createLoopbackCertificate('expired');
    await using broker = await startBroker({
      config: { ...CONFIG, tls: { certFile: 'tls.crt', keyFile: 'tls.key' } },
      files: { ...FILES, 'tls.crt': certificate.cert, 'tls.key': certificate.key },
      ready: false,
    });

    const line = await broker.waitForLine(({ message }) => message.includes('expired on'));
    const check = await run(process.execPath, [MAIN, 'check', '--config', join(broker.folder, 'broker.yaml')]);

    expect(line).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(/tls\.crt .*: clients refuse .*renew it/),
    });
    expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/^warning: .*tls\.crt .*expired on/m) });
  });
});

describe('a socket file', () => {
  it('is accessible to its owner and group only', async () => {
    const config = { ...CONFIG, listen: 'unix:broker.sock' };
    await using broker = await startBroker({ config, files: FILES, ready: false });
    const socketPath = join(broker.folder, 'broker.sock');
    await broker.waitForLine(({ message }) => message === 'listening');
    const { message: answer } = await send({ socketPath, path: '/healthz' });

    expect(answer.statusCode).toBe(200);
    expect(((await stat(socketPath)).mode & 0o777).toString(8)).toBe('660');
  });
});

describe('behind a proxy', () => {
  it.each([
    ['a trusted one is believed about where a request comes from', ['127.0.0.0/8'], ['pull'], '10.1.2.3'],
    ['an unknown one is not', [], undefined, '127.0.0.1'],
  ])('%s', async (_which, trustedProxies, actions, client) => {
    await using broker = await startBroker({ config: { ...CONFIG, trustedProxies }, files: FILES });

    const { text } = await send({
      port: broker.port,
      path: `/token?service=${SERVICE}&scope=repository:a:pull`,
      headers: { 'x-forwarded-for': '10.1.2.3' },
    });

    const { token } = JSON.parse(text) as { token: string };
    const [entry] = claimsOf(token)['access'] as readonly { readonly actions: readonly string[] }[];
    expect(entry?.actions).toEqual(actions);
    expect(await broker.waitForLine(({ event }) => event === 'token.issued')).toMatchObject({ client });
  });

  it.each(['10.1.2.3:50123', '[::ffff:10.1.2.3]:50123', '[::ffff:10.1.2.3]', '10.1.2.3:50123, 127.0.0.2:443'])(
    'a port after the address is left out: %s',
    async (forwarded) => {
      const config = { ...CONFIG, trustedProxies: ['127.0.0.0/8'] };
      await using broker = await startBroker({ config, files: FILES });

      await send({
        port: broker.port,
        path: `/token?service=${SERVICE}&scope=repository:a:pull`,
        headers: { 'x-forwarded-for': forwarded },
      });

      const line = await broker.waitForLine(({ event }) => event === 'token.issued');
      expect(line).toMatchObject({
        client: expect.stringMatching(/^(?:::ffff:)?10\.1\.2\.3$/),
        granted: ['repository:a:pull'],
      });
    },
  );

  it.each([
    ['that is trusted is believed', ['unix'], '10.1.2.3'],
    ['that is not is from nowhere', ['127.0.0.0/8'], ''],
  ])('a proxy on a socket file %s', async (_which, trustedProxies, client) => {
    const config = { ...CONFIG, listen: 'unix:broker.sock', trustedProxies };
    await using broker = await startBroker({ config, files: FILES, ready: false });
    await broker.waitForLine(({ message }) => message === 'listening');

    await send({
      socketPath: join(broker.folder, 'broker.sock'),
      path: `/token?service=${SERVICE}&scope=repository:a:pull`,
      headers: { 'x-forwarded-for': '203.0.113.1, 10.1.2.3' },
    });

    expect(await broker.waitForLine(({ event }) => event?.toString().startsWith('token.') === true)).toMatchObject({
      client,
    });
  });
});

interface Answer {
  readonly message: IncomingMessage;
  readonly text: string;
}

function send(options: RequestOptions, secure = false): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const target = { host: '127.0.0.1', agent: false as const, ...options };
  const sent = (secure ? httpsRequest : httpRequest)(target, (message) => {
    let text = '';
    message.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    message.on('end', () => resolve({ message, text }));
  });
  sent.on('error', reject).end();
  return promise;
}
