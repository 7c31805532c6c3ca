/** The broker as its users run it: a process of its own, with files they have written. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { freePort } from './free-port.ts';
import { start } from './process.ts';
import type { Exit, ProcessOptions, RunningProcess } from './process.ts';
import { noteSecret, secretsIn } from './secrets.ts';
import { httpAnswers, waitFor } from './wait.ts';

export const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

/** Files by their names, relative to the folder of the configuration. */
export type Files = Readonly<Record<string, string>>;

export interface BrokerOptions {
  /** `broker.yaml` but for `listen`, `publicUrl` and `stateDir`, as an object or as YAML. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `policy.yaml`, `users.yaml` and what else the configuration names. */
  readonly files: Files;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node for its process, such as `--trace-gc`. */
  readonly nodeOptions?: readonly string[];
  /** The limit on open files; default: that of the tests. */
  readonly openFiles?: number;
  /** Waits until it serves and can be reached by commands; false for those that are not to start. Default true. */
  readonly ready?: boolean;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  /** Milliseconds. */
  readonly took: number;
}

export interface Broker extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly realm: string;
  readonly folder: string;
  readonly process: RunningProcess;
  /** The certificate registries are given. */
  readonly certificate: string;
  /** The lines of its log that have arrived. A line comes up to some milliseconds after the answer that it is about. */
  log(): readonly LogLine[];
  /** The lines of its log about everything that it has answered, and possibly later ones; not those of this question. */
  settledLog(): Promise<readonly LogLine[]>;
  /** Waits for a log line. */
  waitForLine(matches: (line: LogLine) => boolean): Promise<LogLine>;
  /** Replaces a file in one step. */
  write(name: string, text: string): Promise<void>;
  /** Asks for a token. */
  token(query: string, login?: Login): Promise<TokenAnswer>;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<Exit>;
}

/**
 * Starts one, logging all it ever logs.
 *
 * @returns what throws when it is closed and has written a password or a token, whichever test it served.
 */
export async function startBroker({
  config,
  files,
  port,
  env,
  nodeOptions = [],
  openFiles,
  ready = true,
}: BrokerOptions): Promise<Broker> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-broker-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const own = port ?? (await freePort());
  const url = `http://127.0.0.1:${own}`;
  const whole = {
    listen: `127.0.0.1:${own}`,
    publicUrl: `http://localhost:${own}`,
    stateDir: 'state',
    log: { level: 'debug' },
    ...config,
  };
  const write = (name: string, text: string): Promise<void> => writeWhole(join(folder, name), text);
  await write('broker.yaml', JSON.stringify(whole, undefined, 2));
  for (const [name, text] of Object.entries(files)) await write(name, text);

  let written = (): string => '';
  resources.defer(() => {
    const found = secretsIn(written());
    if (found.length > 0) throw new Error(`the broker has written what is secret: ${found.join(', ')}`);
  });
  const child = resources.use(
    startLimited(
      openFiles,
      [process.execPath, ...nodeOptions, MAIN, 'serve', '--config', join(folder, 'broker.yaml')],
      {
        env: { ...process.env, ...env },
      },
    ),
  );
  written = child.output;
  resources.defer(() => endAtOnce(child));
  const log = (): readonly LogLine[] => linesOf(child.stderr());
  const waitForLine = (matches: (line: LogLine) => boolean): Promise<LogLine> =>
    waitFor('a line of the log', () => log().find(matches));
  const marks = new Set<unknown>();
  if (ready) {
    await child.waitUntil('the broker', () => httpAnswers(`${url}/healthz`, 200));
    // It answers before it watches its files and opens its control socket. It says so at the levels debug and info.
    if (!/"log":\{"level":"(?:warn|error)"/.test(JSON.stringify(whole))) {
      await child.waitForOutput(/"message":"listening"/);
    }
  }
  const running = resources.move();
  return {
    port: own,
    url,
    realm: `http://localhost:${own}/token`,
    folder,
    process: child,
    certificate: join(folder, 'state/keys/default.crt'),
    log,
    settledLog: async () => {
      // Lines are written in the order of their events, so that all before this one have arrived with it.
      const mark = await fetch(`${url}/token?service=mark-in-the-log`);
      await mark.arrayBuffer();
      const id = mark.headers.get('x-request-id');
      marks.add(id);
      await waitForLine(({ requestId }) => requestId === id);
      return log().filter(({ requestId }) => !marks.has(requestId));
    },
    waitForLine,
    write,
    token: (query, login) => askToken(url, query, login),
    signal: child.signal,
    stop: () => child.stop(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function startLimited(openFiles: number | undefined, command: readonly string[], options: ProcessOptions) {
  const [program = '', ...args] =
    openFiles === undefined ? command : ['sh', '-c', `ulimit -n ${openFiles} && exec "$@"`, 'sh', ...command];
  return start(program, args, options);
}

/** A broker takes its time to drain, which no test has to wait for that is over: a second signal ends it at once. */
async function endAtOnce(child: RunningProcess): Promise<void> {
  if (!child.isRunning()) return;
  child.signal('SIGTERM');
  await waitFor('the broker to drain', () => !child.isRunning() || child.stderr().includes('"message":"draining"'));
  if (child.isRunning()) child.signal('SIGTERM');
  await child.exited;
}

async function askToken(url: string, query: string, login: Login | undefined): Promise<TokenAnswer> {
  const started = performance.now();
  const response = await fetch(`${url}/token?${query}`, login === undefined ? {} : { headers: basic(login) });
  const body = (await response.json()) as Readonly<Record<string, unknown>>;
  return { status: response.status, headers: response.headers, body, took: performance.now() - started };
}

/** The header that carries a login. */
export function basic({ user, password }: Login): { readonly authorization: string } {
  noteSecret(password, user);
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function linesOf(text: string): readonly LogLine[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine);
}

/** The claims of a token, unverified. */
export function claimsOf(token: unknown): Readonly<Record<string, unknown>> {
  const [, claims = ''] = String(token).split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}

export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8');
}
