/** The files in which docker, and podman and its relatives, look up credential helpers. */
import { join } from 'node:path';
import type { Host } from '../host.ts';
import { homeOf } from '../logins/state-folder.ts';

export interface ClientFile {
  readonly path: string;
  /** Whose it is, for messages. */
  readonly clients: string;
  /** A file that they read before it. It does not outlive a restart of the machine. */
  readonly runtimePath?: string;
}

/** The suffix of this helper, as a value of `credHelpers`: clients start `docker-credential-SUFFIX`. */
export const HELPER_SUFFIX = 'fairlead';

/**
 * The keys are in `credHelpers` of both: podman and skopeo ignore `credsStore`. Of the files of podman, the one in
 * `$XDG_CONFIG_HOME` stays after a restart (containers-auth.json(5)).
 */
export function clientFiles({ env, platform }: Pick<Host, 'env' | 'platform'>): readonly ClientFile[] {
  const home = homeOf({ env });
  const docker = env['DOCKER_CONFIG'] ?? join(home, '.docker');
  const chosen = env['REGISTRY_AUTH_FILE'];
  const containers = chosen ?? join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'containers/auth.json');
  return [
    { path: join(docker, 'config.json'), clients: 'docker' },
    {
      path: containers,
      clients: 'podman, skopeo and buildah',
      ...(chosen === undefined && platform === 'linux' ? { runtimePath: runtimeFile(env['XDG_RUNTIME_DIR']) } : {}),
    },
  ];
}

/** Where `podman login` stores passwords (containers-auth.json(5)). */
function runtimeFile(folder: string | undefined): string {
  return folder === undefined
    ? `/run/containers/${process.getuid?.()}/auth.json`
    : join(folder, 'containers/auth.json');
}
