/** skopeo and podman, each with storage and logins of its own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { run } from './process.ts';
import type { Result } from './process.ts';

export const SKOPEO: Part = { program: 'skopeo', debian: 'skopeo' };
export const PODMAN: Part = { program: 'podman', debian: 'podman' };

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Copies an image (`oci:FOLDER:latest`) to a registry. */
export function skopeoPush(image: string, to: string, login?: Login): Promise<Result> {
  return run('skopeo', [
    'copy',
    '--dest-tls-verify=false',
    ...credentials('--dest-creds', login),
    image,
    `docker://${to}`,
  ]);
}

/** Copies an image from a registry into a folder. */
export function skopeoPull(from: string, folder: string, login?: Login): Promise<Result> {
  return run('skopeo', [
    'copy',
    '--src-tls-verify=false',
    ...credentials('--src-creds', login),
    `docker://${from}`,
    `oci:${folder}:latest`,
  ]);
}

function credentials(option: string, login: Login | undefined): readonly string[] {
  return login === undefined ? [] : [option, `${login.user}:${login.password}`];
}

export interface Podman extends AsyncDisposable {
  (...args: readonly string[]): Promise<Result>;
}

export function canRunPodman(): boolean {
  return findPart(PODMAN) !== undefined && process.getuid?.() === 0;
}

export async function openPodman(): Promise<Podman> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-podman-'));
  for (const name of ['root', 'run', 'home']) await mkdir(join(folder, name));
  const auth = join(folder, 'auth.json');
  await writeFile(auth, '{}');
  const global = [
    '--root',
    join(folder, 'root'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
    '--cgroup-manager',
    'cgroupfs',
    '--events-backend',
    'none',
  ];
  const call = (...args: readonly string[]): Promise<Result> =>
    run('podman', [...global, ...args], {
      env: { ...process.env, HOME: join(folder, 'home'), REGISTRY_AUTH_FILE: auth },
    });
  return Object.assign(call, {
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  });
}
