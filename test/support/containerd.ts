/** A real containerd, and `ctr`, its own client. */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Login } from './broker.ts';
import { findPart, hasRoot } from './parts.ts';
import type { Part } from './parts.ts';
import { run, runOk, start } from './process.ts';
import type { Result } from './process.ts';
import { noteSecret } from './secrets.ts';

const CONTAINERD: Part = { program: 'containerd', debian: 'containerd' };

/** Kubernetes' half of containerd wants a network of its own. */
const CONFIG = 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n';

export interface Containerd extends AsyncDisposable {
  readonly socket: string;
  /** Takes in the images of an OCI archive. */
  load(archive: string): Promise<void>;
  /** Pushes an image to a registry on plain HTTP: containerd asks for tokens by POST, and by GET when that is refused. */
  push(image: string, to: string, login: Login): Promise<Result>;
  /** The same with a refresh token. */
  pushWithToken(image: string, to: string, refreshToken: string): Promise<Result>;
}

/** Whether containerd can be started: it needs root. */
export function canRunContainerd(): boolean {
  return findPart(CONTAINERD) !== undefined && hasRoot(CONTAINERD);
}

export async function startContainerd(): Promise<Containerd> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-containerd-'));
  resources.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  const socket = join(folder, 'containerd.sock');
  await writeFile(join(folder, 'containerd.toml'), CONFIG);
  const daemon = resources.use(
    start('containerd', [
      `--config=${folder}/containerd.toml`,
      `--root=${folder}/root`,
      `--state=${folder}/state`,
      `--address=${socket}`,
    ]),
  );
  await daemon.waitUntil('containerd', () => exists(socket));
  const ctr = ['--address', socket, '--namespace', 'fairlead'];
  const running = resources.move();
  return {
    socket,
    load: async (archive) => {
      await runOk('ctr', [...ctr, 'images', 'import', '--no-unpack', archive]);
    },
    pushWithToken: (image, to, refreshToken) => {
      noteSecret(refreshToken);
      return run('ctr', [...ctr, 'images', 'push', '--plain-http', '--refresh', refreshToken, to, image]);
    },
    push: (image, to, { user, password }) => {
      noteSecret(password, user);
      return run('ctr', [...ctr, 'images', 'push', '--plain-http', '--user', `${user}:${password}`, to, image]);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
