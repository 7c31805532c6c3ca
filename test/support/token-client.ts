/** What tests of several clients need of each: log in, push, pull. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Login } from './broker.ts';
import type { Result } from './process.ts';

export interface TokenClient {
  login(login: Login): Promise<Result>;
  /** @param repository without the host */
  push(repository: string): Promise<Result>;
  pull(repository: string): Promise<Result>;
}

export interface ClientKind {
  readonly name: string;
  /** Whether it stores no user name with a colon, such as that of a robot. */
  readonly refusesColons?: true;
  isHere(): boolean;
  /** @param host of the registry: `localhost:PORT` */
  open(host: string, resources: AsyncDisposableStack): Promise<TokenClient>;
}

/** podman makes the name of an image of its folder, which is in lower case then, and takes only a short `--runroot`. */
export async function folderFor(resources: AsyncDisposableStack, name: string): Promise<string> {
  const folder = join(tmpdir(), `fairlead-${name}-${randomBytes(4).toString('hex')}`);
  await mkdir(folder);
  resources.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return folder;
}
