/** Signing keys that change while brokers run. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeKey } from '../../src/platform/signing/keygen.ts';
import { MAIN } from '../support/broker.ts';
import type { Broker, LogLine } from '../support/broker.ts';
import { runOk } from '../support/process.ts';
import { ASK_PUBLIC, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';
import { waitFor } from '../support/wait.ts';

const EXTERNAL = { ...STATIC_CONFIG, keys: [{ name: 'own', keyFile: 'own.pem', certFile: 'own.crt' }] };

/** The SHA-256 of the certificate that the next token carries. */
async function signedBy(broker: Broker): Promise<string> {
  const [header = ''] = String((await broker.token(ASK_PUBLIC)).body['token']).split('.');
  const { x5c } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { readonly x5c: readonly string[] };
  return new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64')).fingerprint256;
}

const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;

function keys(broker: Broker, ...args: readonly string[]): Promise<string> {
  return runOk(process.execPath, [MAIN, 'keys', ...args, '--config', join(broker.folder, 'broker.yaml')]);
}

async function staleMetric(broker: Broker): Promise<string | undefined> {
  const page = await (await fetch(`${broker.url}/metrics`)).text();
  return /^fairlead_source_stale\{source="signing keys"\} (\d)/m.exec(page)?.[1];
}

const reloaded = ({ message }: LogLine): boolean => message === 'signing keys reloaded';

describe('a key in files', () => {
  it('is replaced when both files have changed, and a bad file leaves the old key in use, which is reported', async () => {
    const [first, second] = [await makeKey('ES256', 'own'), await makeKey('ES256', 'own')];
    const files = { 'own.pem': first.key, 'own.crt': first.certificate };
    await using broker = await startStaticBroker({ config: EXTERNAL, files });

    await broker.write('own.pem', second.key);
    const line = await broker.waitForLine(({ message }) => message.startsWith('signing keys NOT reloaded'));
    expect(line).toMatchObject({
      level: 'error',
      cause: expect.stringMatching(/own\.crt does not begin with the certificate of the key/),
    });
    expect(await signedBy(broker)).toBe(fingerprint(first.certificate));
    await waitFor('the metric', async () => (await staleMetric(broker)) === '1');
    expect(await (await fetch(`${broker.url}/readyz`)).json()).toMatchObject({ keys: { stale: true } });

    await broker.write('own.crt', second.certificate);
    await broker.waitForLine(reloaded);
    expect(await signedBy(broker)).toBe(fingerprint(second.certificate));
    await waitFor('the metric', async () => (await staleMetric(broker)) === '0');
    expect(await (await fetch(`${broker.url}/readyz`)).json()).toMatchObject({ keys: { stale: false } });
  });

  it('is read again at SIGHUP', async () => {
    const { key, certificate } = await makeKey('ES256', 'own');
    await using broker = await startStaticBroker({
      config: EXTERNAL,
      files: { 'own.pem': key, 'own.crt': certificate },
    });

    broker.signal('SIGHUP');

    expect(await broker.waitForLine(reloaded)).toMatchObject({ signing: [expect.stringMatching(/^own \(/)] });
  });
});

describe('two brokers with one stateDir', () => {
  async function startTwo(key: object) {
    await using resources = new AsyncDisposableStack();
    const config = { ...STATIC_CONFIG, keys: [{ name: 'default', ...key }] };
    const first = resources.use(await startStaticBroker({ config }));
    const stateDir = join(first.folder, 'state');
    const second = resources.use(await startStaticBroker({ config: { ...config, stateDir } }));
    const opened = resources.move();
    return { first, second, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  }

  it('both sign with a key that is activated for one of them', async () => {
    await using brokers = await startTwo({});
    const { first, second } = brokers;
    await keys(first, 'announce');
    await keys(second, 'activate', '--after', '0s');

    const expected = fingerprint(await readFile(join(first.folder, 'state/keys/default@2.crt'), 'utf8'));
    for (const broker of [first, second])
      await waitFor('the new key', async () => (await signedBy(broker)) === expected);
  });

  it('both sign with the same key of an authority, before and after it is renewed', async () => {
    await using brokers = await startTwo({ authority: {} });
    const { first, second } = brokers;
    const before = await signedBy(first);
    expect(await signedBy(second)).toBe(before);

    await keys(second, 'renew');

    for (const broker of [first, second]) await waitFor('the new key', async () => (await signedBy(broker)) !== before);
    expect(await signedBy(second)).toBe(await signedBy(first));
  });
});
