/** Clients of registries, each with a login that it stores itself, in one form: log in, push, pull. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Login } from './broker.ts';
import { canBuildCrane, openCrane } from './crane.ts';
import { canRunDocker, startDockerd } from './dockerd.ts';
import { writeImage } from './image.ts';
import { findPart, hasRoot } from './parts.ts';
import { run, runOk } from './process.ts';
import type { Result } from './process.ts';
import { noteSecret } from './secrets.ts';
import { canRunPodman, SKOPEO } from './skopeo.ts';

export interface TokenClient {
  login(login: Login): Promise<Result>;
  /** @param repository without the host */
  push(repository: string): Promise<Result>;
  pull(repository: string): Promise<Result>;
}

const DENIED = 'requested access to the resource is denied';

export interface ClientKind {
  readonly name: string;
  /** What a person reads when a push is not allowed. */
  readonly denied: string;
  isHere(): boolean;
  /** @param host of the registry: `localhost:PORT` */
  open(host: string, resources: AsyncDisposableStack): Promise<TokenClient>;
}

/** podman makes the name of an image of its folder, which is in lower case then, and takes only a short `--runroot`. */
async function folderFor(resources: AsyncDisposableStack, name: string): Promise<string> {
  const folder = join(tmpdir(), `fairlead-${name}-${randomBytes(4).toString('hex')}`);
  await mkdir(folder);
  resources.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return folder;
}

const docker: ClientKind = {
  name: 'docker',
  denied: DENIED,
  isHere: canRunDocker,
  open: async (host, resources) => {
    const engine = resources.use(await startDockerd());
    const user = await engine.person('robot');
    await engine.makeImage('image');
    return {
      login: (login) => user.login(host, login),
      push: async (repository) => {
        await user('tag', 'image', `${host}/${repository}:1`);
        return user('push', `${host}/${repository}:1`);
      },
      pull: (repository) => user('pull', `${host}/${repository}:1`),
    };
  },
};

/** podman, buildah and skopeo share options and the file of logins (containers/image). */
function containersClient(name: string, isHere: () => boolean, hasStorage: boolean): ClientKind {
  return {
    name,
    denied: DENIED,
    isHere,
    open: async (host, resources) => {
      const folder = await folderFor(resources, name);
      const authFile = join(folder, 'auth.json');
      await writeFile(authFile, '{}');
      await mkdir(join(folder, 'home'));
      const storage = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
      const env = { ...process.env, HOME: join(folder, 'home'), REGISTRY_AUTH_FILE: authFile };
      const call = (args: readonly string[], stdin?: string): Promise<Result> =>
        run(name, [...(hasStorage ? storage : []), ...args], { env, ...(stdin === undefined ? {} : { stdin }) });
      const image = await writeImage(join(folder, 'image'));
      if (hasStorage) await runOk(name, [...storage, 'pull', image], { env });
      const id = hasStorage ? (await runOk(name, [...storage, 'images', '--quiet'], { env })).trim() : '';
      const plain = '--tls-verify=false';
      const remote = (repository: string): string => `docker://${host}/${repository}:1`;
      return {
        login: ({ user, password }) => call(['login', plain, '--username', user, '--password-stdin', host], password),
        push: (repository) =>
          hasStorage
            ? call(['push', plain, id, remote(repository)])
            : call(['copy', '--dest-tls-verify=false', image, remote(repository)]),
        pull: (repository) =>
          hasStorage
            ? call(['pull', plain, remote(repository)])
            : call(['copy', '--src-tls-verify=false', remote(repository), `dir:${join(folder, 'pulled')}`]),
      };
    },
  };
}

/** Its login tests nothing, so that a wrong token shows at the first push. */
const crane: ClientKind = {
  name: 'crane',
  // It asks with HEAD first, whose answer has no text.
  denied: '401 Unauthorized',
  isHere: canBuildCrane,
  open: async (host, resources) => {
    const folder = await folderFor(resources, 'crane');
    const program = resources.use(await openCrane());
    const [, layout = ''] = /^oci:(.*):latest$/.exec(await writeImage(join(folder, 'image'))) ?? [];
    let call: Awaited<ReturnType<typeof program.as>> | undefined;
    const needed = (...args: readonly string[]): Promise<Result> => {
      if (call === undefined) throw new Error('crane has no login');
      return call(...args);
    };
    return {
      login: async (login) => {
        call = await program.as(host, login);
        return needed('version');
      },
      push: (repository) => needed('push', layout, `${host}/${repository}:1`),
      pull: (repository) => needed('pull', `${host}/${repository}:1`, join(folder, 'pulled.tar')),
    };
  },
};

/** Notes the forms in which clients store a login, so that no log may have them. */
export function noteLogin({ user, password }: Login): void {
  noteSecret(password, user);
}

const BUILDAH = { program: 'buildah', debian: 'buildah' };

export const CLIENTS: readonly ClientKind[] = [
  docker,
  containersClient('podman', canRunPodman, true),
  containersClient('buildah', () => findPart(BUILDAH) !== undefined && hasRoot(BUILDAH), true),
  containersClient('skopeo', () => findPart(SKOPEO) !== undefined, false),
  crane,
];
