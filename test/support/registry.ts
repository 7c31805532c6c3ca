/** A real registry (Debian's docker-registry, which is distribution 2.8) that trusts a token server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { start } from './process.ts';
import { httpAnswers } from './wait.ts';

export const DOCKER_REGISTRY: Part = { program: 'docker-registry', debian: 'docker-registry' };

export interface RegistryTrust {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** Path of the certificates that are trusted. */
  readonly rootCertBundle?: string;
  /** Path of a JSON Web Key Set; distribution 3 only. */
  readonly jwks?: string;
}

export interface RegistryOptions {
  /** Text: the block as `registry-config` prints it. Undefined: anybody may do anything. */
  readonly trust: RegistryTrust | string | undefined;
  readonly port?: number;
  /** The folder of its images, which outlives it; absent: one of its own. */
  readonly images?: string;
  /** Default: `info`. */
  readonly logLevel?: 'info' | 'error';
}

export interface Registry extends AsyncDisposable {
  readonly port: number;
  /** `localhost:PORT`, as images are named. */
  readonly host: string;
  readonly url: string;
  readonly pid: number;
  log(): string;
}

/** @throws when docker-registry is missing: ask `findPart(DOCKER_REGISTRY)` first. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const program = findPart(DOCKER_REGISTRY);
  if (program === undefined) throw new Error('docker-registry is missing');
  return startRegistryProgram(program, options);
}

/** Any program that takes distribution's configuration. */
export async function startRegistryProgram(
  program: string,
  { trust, port, images, logLevel = 'info' }: RegistryOptions,
): Promise<Registry> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-registry-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const own = port ?? (await freePort());
  const configuration = {
    version: 0.1,
    log: { level: logLevel, accesslog: { disabled: true } },
    http: { addr: `127.0.0.1:${own}`, secret: 'of no account: one registry alone' },
    storage: { filesystem: { rootdirectory: images ?? join(folder, 'images') }, delete: { enabled: true } },
  };
  const file = join(folder, 'registry.yml');
  await writeFile(file, `${stringify(configuration)}${authBlock(trust)}`);
  const server = resources.use(start(program, ['serve', file], { env: { PATH: process.env['PATH'] } }));
  await server.waitUntil('the registry', () =>
    httpAnswers(`http://127.0.0.1:${own}/v2/`, trust === undefined ? 200 : 401),
  );

  const running = resources.move();
  return {
    port: own,
    host: `localhost:${own}`,
    url: `http://127.0.0.1:${own}`,
    pid: server.pid,
    log: server.output,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function authBlock(trust: RegistryOptions['trust']): string {
  if (trust === undefined || typeof trust === 'string') return trust ?? '';
  const { rootCertBundle, ...more } = trust;
  return stringify({
    auth: { token: { ...more, ...(rootCertBundle === undefined ? {} : { rootcertbundle: rootCertBundle }) } },
  });
}
