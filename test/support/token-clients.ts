/** Clients of registries in one form: log in, push, pull. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Login } from './broker.ts';
import { canRunDocker, startDockerd } from './dockerd.ts';
import { GO_CLIENTS } from './go-clients.ts';
import { writeImage } from './image.ts';
import { findPart, hasRoot } from './parts.ts';
import { run, runOk } from './process.ts';
import type { Result } from './process.ts';
import { noteSecret } from './secrets.ts';
import { canRunPodman, SKOPEO } from './skopeo.ts';
import { workFolder } from './token-client.ts';
import type { ClientKind } from './token-client.ts';

const docker: ClientKind = {
  name: 'docker',
  isHere: canRunDocker,
  open: async (host, resources, person) => {
    const engine = resources.use(await startDockerd());
    const own = await engine.person('robot');
    const call = (...args: readonly string[]): Promise<Result> =>
      person === undefined ? own(...args) : run('docker', args, { env: { ...person.env, DOCKER_HOST: engine.host } });
    await engine.makeImage('image');
    return {
      login: (login) => own.login(host, login),
      push: async (repository) => {
        await call('tag', 'image', `${host}/${repository}:1`);
        return call('push', `${host}/${repository}:1`);
      },
      pull: (repository) => call('pull', `${host}/${repository}:1`),
    };
  },
};

/** podman, buildah and skopeo share options and the file of logins (containers/image). */
function containersClient(name: string, isHere: () => boolean, hasStorage: boolean): ClientKind {
  return {
    name,
    isHere,
    open: async (host, resources, person) => {
      const folder = await workFolder(resources, name, person);
      const storage = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
      const env = person?.env ?? (await ownLogins(folder));
      const call = (args: readonly string[], stdin?: string): Promise<Result> =>
        run(name, [...(hasStorage ? storage : []), ...args], { env, ...(stdin === undefined ? {} : { stdin }) });
      const image = await writeImage(join(folder, 'image'));
      if (hasStorage) await runOk(name, [...storage, 'pull', image], { env });
      const id = hasStorage ? (await runOk(name, [...storage, 'images', '--quiet'], { env })).trim() : '';
      const plain = '--tls-verify=false';
      const evenIfStored = name === 'buildah' ? ['--policy', 'always'] : [];
      const remote = (repository: string): string => `docker://${host}/${repository}:1`;
      return {
        login: ({ user, password }) => call(['login', plain, '--username', user, '--password-stdin', host], password),
        push: (repository) =>
          hasStorage
            ? call(['push', plain, id, remote(repository)])
            : call(['copy', '--dest-tls-verify=false', image, remote(repository)]),
        pull: (repository) =>
          hasStorage
            ? call(['pull', plain, ...evenIfStored, remote(repository)])
            : call(['copy', '--src-tls-verify=false', remote(repository), `dir:${join(folder, 'pulled')}`]),
      };
    },
  };
}

/** With the file of logins in the folder: the usual one belongs to the user of the tests. */
async function ownLogins(folder: string): Promise<NodeJS.ProcessEnv> {
  const authFile = join(folder, 'auth.json');
  await writeFile(authFile, '{}');
  await mkdir(join(folder, 'home'));
  return { ...process.env, HOME: join(folder, 'home'), REGISTRY_AUTH_FILE: authFile };
}

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
  ...GO_CLIENTS,
];
