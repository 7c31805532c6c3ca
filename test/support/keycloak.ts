/** A real Keycloak on loopback, with a database of its own in a folder that is removed afterwards. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { KeycloakDistribution } from './keycloak-distribution.ts';
import { requestTokens } from './password-grant.ts';
import { start } from './process.ts';
import type { RunningProcess } from './process.ts';
import { httpAnswers } from './wait.ts';

export interface Keycloak extends AsyncDisposable {
  readonly url: string;
  /**
   * Calls the administrators’ REST interface.
   *
   * @param path after `/admin/realms`
   * @returns the JSON of the answer; undefined when it is empty
   * @throws unless the call succeeds
   */
  administer(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /** Stops the server, by its process id. */
  stop(): Promise<void>;
  /** Starts it again where it was, with all it had. */
  start(): Promise<void>;
}

/** Milliseconds: it makes its tables first. */
const KEYCLOAK_START_TIMEOUT = 180_000;

/** What bin/kc.sh says, and less memory and compiling. The script itself would leave Java behind when it is killed. */
const JAVA_OPTIONS = [
  '-Xms64m',
  '-Xmx320m',
  '-XX:MaxMetaspaceSize=256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '--add-opens=java.base/java.util=ALL-UNNAMED',
  '--add-opens=java.base/java.util.concurrent=ALL-UNNAMED',
  '--add-opens=java.base/java.security=ALL-UNNAMED',
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
  '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
  '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
  '-Dpicocli.disable.closures=true',
];

export async function startKeycloak({ java, folder }: KeycloakDistribution): Promise<Keycloak> {
  await using resources = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'fairlead-keycloak-'));
  resources.defer(() => rm(home, { recursive: true, force: true }));
  for (const name of await readdir(folder)) if (name !== 'data') await symlink(join(folder, name), join(home, name));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const password = randomBytes(12).toString('hex');

  let server: RunningProcess | undefined;
  const launch = async (): Promise<void> => {
    server = start(java, [...JAVA_OPTIONS, ...homeOptions(home), ...serverOptions(url, port)], {
      env: { ...process.env, KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: password },
    });
    const ready = (): Promise<boolean> => httpAnswers(`${url}/realms/master`, 200);
    await server.waitUntil('keycloak', ready, KEYCLOAK_START_TIMEOUT);
  };
  const stop = async (): Promise<void> => {
    await server?.stop();
  };
  resources.defer(stop);
  await launch();
  const running = resources.move();
  return {
    url,
    administer: (method, path, body) => administer({ url, password }, method, path, body),
    stop,
    start: launch,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function homeOptions(home: string): readonly string[] {
  return [
    `-Dkc.home.dir=${home}`,
    `-Djboss.server.config.dir=${join(home, 'conf')}`,
    '-cp',
    join(home, 'lib/quarkus-run.jar'),
    'io.quarkus.bootstrap.runner.QuarkusEntryPoint',
  ];
}

function serverOptions(url: string, port: number): readonly string[] {
  const address = ['--http-host=127.0.0.1', `--http-port=${port}`, `--hostname=${url}`];
  return ['start', '--optimized', '--http-enabled=true', ...address];
}

async function administer(
  { url, password }: { readonly url: string; readonly password: string },
  method: string,
  path: string,
  body: unknown,
): Promise<unknown> {
  const { status, body: tokens } = await requestTokens({
    issuer: `${url}/realms/master`,
    client: { id: 'admin-cli' },
    person: { username: 'admin', password },
    scope: 'openid',
  });
  if (status !== 200) throw new Error(`keycloak answered ${status} to its administrator`);
  const response = await fetch(`${url}/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${String(tokens['access_token'])}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`keycloak answered ${response.status} to ${method} ${path}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
