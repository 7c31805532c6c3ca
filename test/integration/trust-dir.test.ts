/** Registries that mount trustDir alone, and no folder with a private key. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import {
  BUILD_TIMEOUT,
  buildDistribution3,
  canBuildDistribution3,
  startDistribution3,
} from '../support/distribution3.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry, RegistryOptions } from '../support/registry.ts';
import { ASK_PUBLIC, SERVICE, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';

type Start = (options: RegistryOptions) => Promise<Registry>;

function startTrusted(
  header: string,
  keys: readonly object[] = [{ name: 'default' }],
  stateDir = 'state',
): Promise<Broker> {
  const services = { [SERVICE]: { anonymous: 'allow', key: { header } } };
  return startStaticBroker({ config: { ...STATIC_CONFIG, services, trustDir: 'trust', keys, stateDir } });
}

function headerOf(token: unknown): Readonly<Record<string, unknown>> {
  const [header = ''] = String(token).split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}

async function derOf(certificateFile: string): Promise<string> {
  return new X509Certificate(await readFile(certificateFile)).raw.toString('base64');
}

async function registryConfig({ folder }: Broker, kind: string): Promise<string> {
  const args = ['registry-config', '--config', join(folder, 'broker.yaml'), '--for', kind];
  return (await run(process.execPath, [MAIN, ...args])).stdout;
}

/** The status for somebody with a token, and for somebody with a token that somebody else has signed. */
async function statuses(registry: Registry, broker: Broker): Promise<readonly number[]> {
  const ask = async (token: string): Promise<number> =>
    (await fetch(`${registry.url}/v2/public/a/tags/list`, { headers: { authorization: `Bearer ${token}` } })).status;
  await using other = await startTrusted('x5c');
  const token = async (from: Broker): Promise<string> => String((await from.token(ASK_PUBLIC)).body['token']);
  return [await ask(await token(broker)), await ask(await token(other))];
}

/** 404: the registry takes the token, and has no such repository. */
const TRUSTED_ALONE = [404, 401];

async function startsWith(start: Start, kind: string, header: string): Promise<void> {
  await using broker = await startTrusted(header);
  const block = await registryConfig(broker, kind);
  // The folder is named, and no path into the folder with the key.
  expect(block).toContain(join(broker.folder, 'trust/'));
  expect(block).not.toContain('state');
  await using registry = await start({ trust: block });

  expect(await statuses(registry, broker)).toEqual(TRUSTED_ALONE);
}

describe.skipIf(findPart(DOCKER_REGISTRY) === undefined)('distribution 2.8', () => {
  it('trusts the broker by the certificates in trustDir', async () => {
    await startsWith(startRegistry, 'distribution-2', 'x5c');
  });

  it('trusts a key that is announced in trustDir before it signs', async () => {
    await using announcing = await startTrusted('x5c', [{ name: 'default' }, { name: 'next' }]);
    await using registry = await startRegistry({ trust: await registryConfig(announcing, 'distribution-2') });
    const stateDir = join(announcing.folder, 'state');
    await announcing.stop();
    await using switched = await startTrusted('x5c', [{ name: 'next' }, { name: 'default' }], stateDir);

    expect(headerOf((await switched.token(ASK_PUBLIC)).body['token'])['x5c']).toEqual([
      await derOf(join(stateDir, 'keys/next.crt')),
    ]);
    expect(await statuses(registry, switched)).toEqual(TRUSTED_ALONE);
  });
});

describe.skipIf(!canBuildDistribution3())('distribution 3.1', () => {
  beforeAll(async () => {
    await buildDistribution3();
  }, BUILD_TIMEOUT);

  it.each(['x5c', 'kid', 'kid-rfc7638'])('trusts the broker by trustDir where tokens carry %s', async (header) => {
    await startsWith(startDistribution3, 'distribution-3', header);
  });
});
