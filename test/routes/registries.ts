/** Real registries that demand tokens of a token server which does not exist: only their challenges are read. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDistribution3 } from '../support/distribution3.ts';
import { startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { makeCertificate, namedEcKey } from '../support/signing-certificate.ts';

export type RegistryVersion = 'distribution 2.8' | 'distribution 3';
export type TokenRegistry = Pick<Registry, 'port'> & AsyncDisposable;

export async function startTokenRegistry(kind: RegistryVersion): Promise<TokenRegistry> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-routes-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const rootCertBundle = join(folder, 'certificate.pem');
  await writeFile(rootCertBundle, await makeCertificate({ key: namedEcKey() }));
  const trust = { realm: 'http://localhost:1/token', service: 'registry', issuer: 'fairlead', rootCertBundle };
  const start = kind === 'distribution 3' ? startDistribution3 : startRegistry;
  const registry = resources.use(await start({ trust, logLevel: 'error' }));
  const running = resources.move();
  return { port: registry.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
