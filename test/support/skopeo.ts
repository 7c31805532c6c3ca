/** skopeo and podman, each with storage and logins of its own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Login } from './broker.ts';
import { findPart, hasRoot } from './parts.ts';
import type { Part } from './parts.ts';
import { run, runOk } from './process.ts';
import type { Result } from './process.ts';
import { noteSecret } from './secrets.ts';

export const SKOPEO: Part = { program: 'skopeo', debian: 'skopeo' };
export const PODMAN: Part = { program: 'podman', debian: 'podman' };

/** Copies an image (`oci:FOLDER:latest`, `dir:FOLDER`) to a registry. */
export function skopeoPush(image: string, to: string, login?: Login): Promise<Result> {
  return run('skopeo', [
    'copy',
    '--dest-tls-verify=false',
    ...credentials('--dest-creds', login),
    image,
    `docker://${to}`,
  ]);
}

/** Copies an image from a registry into a folder, byte for byte: `dir:FOLDER`. */
export function skopeoPull(from: string, folder: string, login?: Login): Promise<Result> {
  return run('skopeo', [
    'copy',
    '--src-tls-verify=false',
    ...credentials('--src-creds', login),
    `docker://${from}`,
    `dir:${folder}`,
  ]);
}

/** The digest of the image's configuration, which is its id for docker and for podman. */
export async function skopeoImageId(from: string, login?: Login): Promise<string> {
  const raw = await runOk('skopeo', [
    'inspect',
    '--raw',
    '--tls-verify=false',
    ...credentials('--creds', login),
    `docker://${from}`,
  ]);
  return (JSON.parse(raw) as { readonly config: { readonly digest: string } }).config.digest;
}

function credentials(option: string, login: Login | undefined): readonly string[] {
  if (login === undefined) return [];
  noteSecret(login.password, login.user);
  return [option, `${login.user}:${login.password}`];
}

export interface Podman extends AsyncDisposable {
  (...args: readonly string[]): Promise<Result>;
  login(host: string, login: Login): Promise<Result>;
}

/** Whether podman can be run: with storage of its own it needs root. */
export function canRunPodman(): boolean {
  return findPart(PODMAN) !== undefined && hasRoot(PODMAN);
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
  const podman = (args: readonly string[], stdin?: string): Promise<Result> =>
    run('podman', [...global, ...args], {
      env: { ...process.env, HOME: join(folder, 'home'), REGISTRY_AUTH_FILE: auth },
      ...(stdin === undefined ? {} : { stdin }),
    });
  const call = (...args: readonly string[]): Promise<Result> => podman(args);
  return Object.assign(call, {
    login: (host: string, { user, password }: Login): Promise<Result> => {
      noteSecret(password, user);
      return podman(['login', '--tls-verify=false', '--username', user, '--password-stdin', host], password);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  });
}
