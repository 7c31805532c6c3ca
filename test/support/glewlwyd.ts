/**
 * Glewlwyd (Debian package), an OpenID provider in C that shares no code with our client. It is set up through its own
 * REST interface. A wrong password is 403 without a body there.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { Person } from './openid-provider.ts';
import { PEOPLE } from './openid-provider.ts';
import type { Part } from './parts.ts';
import { runOk, start } from './process.ts';
import type { RunningProcess } from './process.ts';
import { httpAnswers } from './wait.ts';

export const GLEWLWYD: Part = { program: 'glewlwyd', debian: 'glewlwyd' };
export const SQLITE: Part = { program: 'sqlite3', debian: 'sqlite3' };

export interface Glewlwyd extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly people: readonly Person[];
  /** How many refresh tokens it has given out, and how many of them are still good. */
  sessions(): Promise<{ readonly opened: number; readonly open: number }>;
  /** Stops the server, by its process id. */
  stop(): Promise<void>;
}

const CLIENT_ID = 'registry';
const CLIENT_SECRET = 'secret-of-the-registry-client';
const PLUGIN = 'oidc';
const SCHEMA = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';

export async function startGlewlwyd(): Promise<Glewlwyd> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-glewlwyd-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await createDatabase(join(folder, 'glewlwyd.db'));
  await writeFile(join(folder, 'glewlwyd.conf'), serverConfiguration(url, port, join(folder, 'glewlwyd.db')));
  const server: RunningProcess = resources.use(start('glewlwyd', ['-c', join(folder, 'glewlwyd.conf')]));
  await server.waitUntil('glewlwyd', () => httpAnswers(`${url}/config`));
  await setUp(url);
  const running = resources.move();
  return {
    issuer: `${url}/api/${PLUGIN}`,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    people: PEOPLE,
    sessions: () => countSessions(join(folder, 'glewlwyd.db')),
    stop: async () => {
      await server.stop();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function createDatabase(file: string): Promise<void> {
  // The user module needs this setting to have several values of the property `groups`.
  const groups = `UPDATE g_user_module_instance SET gumi_parameters = '${JSON.stringify({
    'use-glewlwyd-connection': true,
    'data-format': { groups: { multiple: true, read: true, write: true } },
  })}';`;
  await runOk('sqlite3', [file], { stdin: `${await readFile(SCHEMA, 'utf8')}\n${groups}` });
}

async function countSessions(file: string) {
  const query = 'SELECT COUNT(*), COALESCE(SUM(gpor_enabled), 0) FROM gpo_refresh_token;';
  const [opened, open] = (await runOk('sqlite3', [file, query])).trim().split('|').map(Number);
  return { opened: opened ?? 0, open: open ?? 0 };
}

function serverConfiguration(url: string, port: number, database: string): string {
  return `
port = ${port}
bind_address = "127.0.0.1"
external_url = "${url}"
api_prefix = "api"
log_mode = "console"
log_level = "WARNING"
cookie_domain = "127.0.0.1"
cookie_secure = 0
session_key = "GLEWLWYD2_SESSION_ID"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "/usr/lib/glewlwyd/user"
user_middleware_module_path = "/usr/lib/glewlwyd/user_middleware"
client_module_path = "/usr/lib/glewlwyd/client"
user_auth_scheme_module_path = "/usr/lib/glewlwyd/scheme"
plugin_module_path = "/usr/lib/glewlwyd/plugin"
hash_algorithm = "SHA512"
database = { type = "sqlite3", path = "${database}" };
`;
}

async function setUp(url: string): Promise<void> {
  const login = await send(url, '', '/api/auth/', { username: 'admin', password: 'password' });
  const cookie = login.headers
    .getSetCookie()
    .map((text) => text.split(';')[0])
    .join('; ');
  await send(url, cookie, '/api/mod/plugin/', {
    module: 'oidc',
    name: PLUGIN,
    display_name: 'OpenID Connect',
    parameters: pluginParameters(`${url}/api/${PLUGIN}`),
  });
  await send(url, cookie, '/api/client/', {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    name: 'The registry',
    confidential: true,
    enabled: true,
    authorization_type: ['password', 'refresh_token'],
    token_endpoint_auth_method: ['client_secret_basic', 'client_secret_post'],
    scope: ['openid'],
  });
  for (const { username, password, groups } of PEOPLE) {
    await send(url, cookie, '/api/user/', { username, password, groups, scope: ['openid'], enabled: true });
  }
}

function pluginParameters(issuer: string) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    iss: issuer,
    'jwt-type': 'rsa',
    'jwt-key-size': '256',
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    cert: publicKey.export({ format: 'pem', type: 'spki' }),
    'jwks-show': true,
    'access-token-duration': 300,
    'refresh-token-duration': 3600,
    'code-duration': 60,
    'refresh-token-rolling': true,
    'auth-type-password-enabled': true,
    'auth-type-refresh-enabled': true,
    'allow-non-oidc': true,
    'subject-type': 'public',
    'revocation-allowed': true,
    'introspection-revocation-allowed': true,
    'introspection-revocation-allow-target-client': true,
    claims: [
      { name: 'preferred_username', 'user-property': 'username', type: 'string', mandatory: true },
      { name: 'groups', 'user-property': 'groups', type: 'string', mandatory: true },
    ],
  };
}

async function send(url: string, cookie: string, path: string, body: unknown): Promise<Response> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (response.ok) return response;
  throw new Error(`glewlwyd answered ${response.status} to ${path}: ${await response.text()}`);
}
