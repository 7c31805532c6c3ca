/** What tests of several clients need of each: log in, push, pull; with logins of their own, or with a credential helper. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Login } from './broker.ts';
import type { Result } from './process.ts';

export interface Client {
  /** @param repository without the host */
  push(repository: string): Promise<Result>;
  pull(repository: string): Promise<Result>;
}

/** A client that stores logins itself. */
export interface TokenClient extends Client {
  login(login: Login): Promise<Result>;
}

/** A person whose clients get their login from a credential helper. */
export interface HelperUser {
  /** Clients work in folders below it. */
  readonly home: string;
  /** With `HOME`, and a `PATH` that has the helper. */
  readonly env: NodeJS.ProcessEnv;
}

export interface ClientKind {
  readonly name: string;
  /** Whether it stores no user name with a colon, such as that of a robot. */
  readonly refusesColons?: true;
  isHere(): boolean;
  /**
   * @param host of the registry: `localhost:PORT`
   * @param person absent: the client has a home of its own
   */
  open(host: string, resources: AsyncDisposableStack, person?: HelperUser): Promise<TokenClient>;
}

/** The folder in which a client works: below the home of the user, where there is one. */
export async function workFolder(resources: AsyncDisposableStack, name: string, person?: HelperUser): Promise<string> {
  if (person === undefined) return folderFor(resources, name);
  const folder = join(person.home, `work-${name}`);
  await mkdir(folder);
  return folder;
}

/** podman makes the name of an image of its folder, which is in lower case then, and takes only a short `--runroot`. */
async function folderFor(resources: AsyncDisposableStack, name: string): Promise<string> {
  const folder = join(tmpdir(), `fairlead-${name}-${randomBytes(4).toString('hex')}`);
  await mkdir(folder);
  resources.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return folder;
}
