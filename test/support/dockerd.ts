/** A real Docker Engine (Debian's docker.io) for one test file, and its command line with a home of its own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Login } from './broker.ts';
import { canRunContainerd, startContainerd } from './containerd.ts';
import { findPart, hasRoot } from './parts.ts';
import type { Part } from './parts.ts';
import { run, runOk, start } from './process.ts';
import type { Result } from './process.ts';
import { noteSecret } from './secrets.ts';

const DOCKERD: Part = { program: 'dockerd', debian: 'docker.io' };
const DOCKER: Part = { program: 'docker', debian: 'docker.io' };

export interface Docker {
  /** Runs `docker` with this user's home: its logins are its own. */
  (...args: readonly string[]): Promise<Result>;
  login(host: string, login: Login): Promise<Result>;
  /** The folder with `config.json`. */
  readonly home: string;
}

export interface Dockerd extends AsyncDisposable {
  /** What `DOCKER_HOST` must be to reach it. */
  readonly host: string;
  /** A person at a terminal of their own. */
  person(name: string): Promise<Docker>;
  /** Makes an image with so many layers, and names it. */
  makeImage(name: string, layers?: number): Promise<void>;
  log(): string;
}

/** Whether a Docker Engine can be started: it needs root. */
export function canRunDocker(): boolean {
  return findPart(DOCKERD) !== undefined && hasRoot(DOCKERD) && canRunContainerd();
}

export async function startDockerd(): Promise<Dockerd> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-dockerd-'));
  resources.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  const host = `unix://${folder}/docker.sock`;
  // Our own child, and not dockerd's: one that dockerd starts outlives a dockerd that is killed.
  const containerd = resources.use(await startContainerd());
  // It mounts its data on itself: in a name space of its own, the mount goes when it does, however it ends.
  const daemon = resources.use(
    start('unshare', [
      '--mount',
      'dockerd',
      '--storage-driver=vfs',
      '--iptables=false',
      '--ip6tables=false',
      '--bridge=none',
      `--containerd=${containerd.socket}`,
      `--data-root=${folder}/data`,
      `--exec-root=${folder}/exec`,
      `--pidfile=${folder}/docker.pid`,
      `--host=${host}`,
    ]),
  );
  await daemon.waitUntil(
    'the Docker Engine',
    async () => (await run('docker', ['--host', host, 'version'])).code === 0,
  );

  const program = findPart(DOCKER) ?? '';
  // docker keeps logins in a store of the platform, such as pass, where PATH has a credential helper for one.
  const docker = (home: string, args: readonly string[], stdin?: string): Promise<Result> =>
    run(program, ['--host', host, '--config', home, ...args], {
      env: { ...process.env, PATH: home },
      ...(stdin === undefined ? {} : { stdin }),
    });

  const running = resources.move();
  return {
    host,
    log: daemon.output,
    person: async (name) => {
      const home = join(folder, 'homes', name);
      await mkdir(home, { recursive: true });
      const call = (...args: readonly string[]): Promise<Result> => docker(home, args);
      const login = (registry: string, { user, password }: Login): Promise<Result> => {
        noteSecret(password, user);
        return docker(home, ['login', registry, '--username', user, '--password-stdin'], password);
      };
      return Object.assign(call, { login, home });
    },
    makeImage: async (name, layers = 1) => {
      const context = join(folder, `context-${name.replaceAll(/\W/g, '-')}`);
      await mkdir(context, { recursive: true });
      const files = Array.from({ length: layers }, (_, index) => `file-${index}`);
      for (const file of files) await writeFile(join(context, file), `${file} of ${name} ${Math.random()}`);
      const dockerfile = ['FROM scratch', ...files.map((file) => `COPY ${file} /`), 'CMD ["/file-0"]'].join('\n');
      await writeFile(join(context, 'Dockerfile'), dockerfile);
      await runOk('docker', ['--host', host, 'build', '--quiet', '--tag', name, context], {
        env: { ...process.env, DOCKER_BUILDKIT: '0' },
      });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
