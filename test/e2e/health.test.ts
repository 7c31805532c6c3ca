/** `fairlead health`, the health check of the container. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { freeze } from '../support/halt.ts';
import { createLoopbackCertificate, OPENSSL } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

const CONFIG = { services: { 'registry.example.com': { anonymous: 'allow' } }, policy: 'policy.yaml' } as const;
const FILES = { 'policy.yaml': 'rules: []' } as const;

function health({ folder }: Pick<Broker, 'folder'>, ...options: readonly string[]) {
  return run(process.execPath, [MAIN, 'health', '--config', join(folder, 'broker.yaml'), ...options]);
}

const listening = (broker: Broker) => broker.waitForLine(({ message }) => message === 'listening');

describe('fairlead health', () => {
  it.skipIf(findPart(OPENSSL) === undefined)('finds a broker with TLS alive, whatever its certificate', async () => {
    await using certificate = await createLoopbackCertificate('expired');
    await using broker = await startBroker({
      config: { ...CONFIG, tls: { certFile: 'tls.crt', keyFile: 'tls.key' } },
      files: { ...FILES, 'tls.crt': certificate.cert, 'tls.key': certificate.key },
      ready: false,
    });
    await listening(broker);

    expect(await health(broker)).toMatchObject({
      code: 0,
      stdout: `https://127.0.0.1:${broker.port}/healthz: alive\n`,
    });
  });

  it('asks the loopback address when the broker listens on all addresses', async () => {
    const port = await freePort();
    await using broker = await startBroker({ config: { ...CONFIG, listen: `0.0.0.0:${port}` }, files: FILES, port });

    expect(await health(broker)).toMatchObject({ code: 0, stdout: `http://127.0.0.1:${port}/healthz: alive\n` });
  });

  it('asks the admin listener when there is one, and a socket file', async () => {
    const adminPort = await freePort();
    await using broker = await startBroker({
      config: { ...CONFIG, listen: 'unix:broker.sock', admin: { listen: `127.0.0.1:${adminPort}` } },
      files: FILES,
      ready: false,
    });
    await using onSocket = await startBroker({
      config: { ...CONFIG, listen: 'unix:broker.sock' },
      files: FILES,
      ready: false,
    });
    await Promise.all([listening(broker), listening(onSocket)]);

    expect(await health(broker)).toMatchObject({ code: 0, stdout: `http://127.0.0.1:${adminPort}/healthz: alive\n` });
    expect(await health(onSocket)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^unix:.*\.sock: alive\n$/),
    });
  });

  it('says that a broker is not alive, and why, with exit code 1', async () => {
    await using broker = await startBroker({ config: CONFIG, files: FILES });
    const { url } = broker;
    await broker.stop();

    const stopped = await health(broker);
    const elsewhere = await health(broker, '--url', `${url.replace('http', 'ftp')}/`);

    const refused = `${url}/healthz: not alive (ECONNREFUSED): nothing listens there: start the broker with`;
    expect(stopped).toMatchObject({ code: 1, stdout: expect.stringContaining(refused) });
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringMatching(/expected an http or https URL/) });
  });

  it('does not wait for a broker that hangs', async () => {
    await using broker = await startBroker({ config: CONFIG, files: FILES });
    await freeze(broker.process.pid);
    try {
      expect(await health(broker)).toMatchObject({
        code: 1,
        stdout: `${broker.url}/healthz: not alive (no answer within 2000 ms)\n`,
      });
    } finally {
      broker.signal('SIGCONT');
      await waitFor('the broker', async () => (await fetch(`${broker.url}/healthz`)).ok);
    }
  });
});
