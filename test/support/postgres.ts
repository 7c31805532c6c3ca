/** A real PostgreSQL server (Debian's postgresql), with the roles of the broker. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../src/core/identity.ts';
import type { SecretSource } from '../../src/core/identity.ts';
import { openConnections } from '../../src/platform/postgres/connections.ts';
import type { Query } from '../../src/platform/postgres/connections.ts';
import { rolesSql } from '../../src/platform/postgres/roles.ts';
import { migrate } from '../../src/platform/postgres/schema.ts';
import { freePort } from './free-port.ts';
import { createLoopbackCertificate } from './loopback-certificate.ts';
import { thaw } from './halt.ts';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { runOk, start } from './process.ts';
import type { RunningProcess } from './process.ts';
import { noteSecret } from './secrets.ts';
import { waitFor } from './wait.ts';

/** Debian has the server outside PATH. */
const VERSIONS = '/usr/lib/postgresql';
const PSQL: Part = { program: 'psql', debian: 'postgresql' };
const INITDB: Part = { program: 'initdb', debian: 'postgresql' };
/** The server does not run as root. */
const SETPRIV: Part = { program: 'setpriv', debian: 'util-linux' };

export interface PostgresOptions {
  /** With a certificate of a new authority, and no connection without TLS. */
  readonly tls?: 'server' | 'server and client';
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[];
  /** Copies another server, and follows it. */
  readonly standbyOf?: Postgres;
  /** Where the data is; default: a new folder. */
  readonly folder?: string;
}

export interface Postgres extends AsyncDisposable {
  readonly port: number;
  /** The folder with its data and its socket. */
  readonly folder: string;
  /** The URL of the role of the broker, which reads and writes rows. */
  readonly url: string;
  /** The URL of the role that owns the tables. */
  readonly ownerUrl: string;
  /** The URL of the superuser. */
  readonly adminUrl: string;
  /** The certificate of the authority, with `tls` only. */
  readonly caFile?: string;
  /** The certificate `CN=fairlead` of a client and its key, with `tls` only. */
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  /** The process ids of the server and of its connections, while it runs; the server comes first. */
  pids(): Promise<readonly number[]>;
  log(): string;
  /** Runs SQL as the superuser. @returns the rows, tab-separated */
  sql(text: string, database?: string): Promise<string>;
  /** Stops it as an operator does. */
  stop(): Promise<void>;
  /** Starts it again with the same data and port. */
  start(): Promise<void>;
  /** Makes a standby the primary. */
  promote(): Promise<void>;
}

function binaries(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).toSorted((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(VERSIONS, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

/** Whether PostgreSQL is installed. */
export function canRunPostgres(): boolean {
  if (findPart(PSQL) === undefined || findPart(SETPRIV) === undefined) return false;
  if (binaries() !== undefined) return true;
  // Reports that it is missing.
  findPart(INITDB);
  return false;
}

const isRoot = process.getuid?.() === 0;

/** The command that runs a program as the user `postgres`. */
export function asPostgres(program: string, args: readonly string[]): readonly [string, readonly string[]] {
  if (!isRoot) return [program, args];
  return ['setpriv', ['--reuid', 'postgres', '--regid', 'postgres', '--init-groups', program, ...args]];
}

/** Gives a folder to the user `postgres`. */
export async function giveToPostgres(folder: string): Promise<void> {
  if (isRoot) await runOk('chown', ['-R', 'postgres:postgres', folder]);
}

/** @throws when PostgreSQL is missing; see `canRunPostgres` */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const bin = binaries();
  if (bin === undefined) throw new Error('PostgreSQL is missing');
  await using cleanup = new AsyncDisposableStack();
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'fairlead-pg-')));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const data = join(folder, 'data');
  const port = await freePort();
  const certificate = options.tls === undefined ? undefined : cleanup.use(await createLoopbackCertificate());
  const passwords = options.standbyOf === undefined ? newPasswords() : passwordsOf(options.standbyOf);
  await mkdir(join(folder, 'socket'), { recursive: true });
  await giveToPostgres(folder);
  if (options.standbyOf === undefined) await initialise(bin, folder, passwords.admin);
  else await copyOf(bin, data, options.standbyOf);
  const files = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => join(folder, name));
  if (certificate !== undefined) {
    const [certFile = '', keyFile = '', caFile = ''] = files;
    await writeFile(certFile, certificate.cert);
    await writeFile(keyFile, certificate.key, { mode: 0o600 });
    await runOk('cp', [certificate.caFile, caFile]);
  }
  await writeFile(join(data, 'postgresql.auto.conf'), settingsOf({ port, folder, options, files }).join('\n'), {
    flag: options.standbyOf === undefined ? 'w' : 'a',
  });
  await writeFile(join(data, 'pg_hba.conf'), hba(options.tls).join('\n'));
  await giveToPostgres(folder);

  let server: RunningProcess | undefined;
  let earlier = '';
  const url = (role: keyof Passwords, user: string): string =>
    `postgres://${user}:${passwords[role]}@127.0.0.1:${port}/fairlead`;
  const sql = (text: string, database = 'fairlead'): Promise<string> =>
    runSql(text, { host: join(folder, 'socket'), port, database, password: passwords.admin });

  async function launch(): Promise<void> {
    const launched = start(...asPostgres(join(bin ?? '', 'postgres'), ['-D', data]));
    server = launched;
    await launched.waitUntil('PostgreSQL to answer', async () => (await sql('SELECT 1', 'postgres')) === '1\n');
  }

  async function stop(): Promise<void> {
    if (server === undefined) return;
    // A test that has failed may have left it frozen.
    if (server.isRunning()) for (const pid of await pidsOf(server.pid)) thaw(pid);
    // A fast shutdown, which ends connections. SIGTERM would wait for them.
    server.signal('SIGINT');
    await server.waitForOutput(/database system is shut down/).catch(() => undefined);
    await server.stop(2000);
    earlier += server.output();
    server = undefined;
  }

  cleanup.defer(stop);
  await launch();
  const postgres: Omit<Postgres, typeof Symbol.asyncDispose> = {
    port,
    folder,
    url: url('broker', 'fairlead'),
    ownerUrl: url('owner', 'fairlead_owner'),
    adminUrl: url('admin', 'admin'),
    ...(certificate === undefined
      ? {}
      : {
          caFile: certificate.caFile,
          clientCertFile: certificate.clientCertFile,
          clientKeyFile: certificate.clientKeyFile,
        }),
    pids: () => pidsOf(server?.pid ?? -1),
    log: () => `${earlier}${server?.output() ?? ''}`,
    sql,
    stop,
    start: async () => {
      if (server !== undefined && !server.isRunning()) server = undefined;
      if (server !== undefined) return;
      // After a kill, the memory is in use until the last connection has noticed.
      await waitFor('PostgreSQL to start', async () => {
        await launch();
        return true;
      });
    },
    promote: async () => {
      await sql('SELECT pg_promote()');
    },
  };
  if (options.standbyOf === undefined) {
    await sql('CREATE DATABASE fairlead', 'postgres');
    await sql(rolesSql({ owner: 'fairlead_owner', broker: 'fairlead' }).join('\n'));
    await sql(`ALTER ROLE fairlead_owner PASSWORD '${passwords.owner}'`);
    await sql(`ALTER ROLE fairlead PASSWORD '${passwords.broker}'`);
    await sql("ALTER ROLE fairlead SET statement_timeout = '5s'");
  }
  const running = cleanup.move();
  return { ...postgres, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

interface SqlTarget {
  /** The folder of the socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Of the superuser. */
  readonly password: string;
}

/** Runs SQL as the superuser. @returns the rows, tab-separated */
function runSql(text: string, { host, port, database, password }: SqlTarget): Promise<string> {
  const output = ['-XAtq', '-F', '\t', '-v', 'ON_ERROR_STOP=1'];
  const place = ['-h', host, '-p', String(port), '-U', 'admin', '-d', database];
  return runOk('psql', [...output, ...place, '-c', text], { env: { ...process.env, PGPASSWORD: password } });
}

/** The process ids of a process and of its children. Linux only (proc(5)). */
async function pidsOf(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
}

interface Passwords {
  readonly admin: string;
  readonly owner: string;
  readonly broker: string;
}

function newPasswords(): Passwords {
  const [admin = '', owner = '', broker = ''] = [1, 2, 3].map(() => randomBytes(12).toString('hex'));
  for (const password of [admin, owner, broker]) noteSecret(password);
  return { admin, owner, broker };
}

function passwordsOf({ adminUrl, ownerUrl, url }: Postgres): Passwords {
  const [admin = '', owner = '', broker = ''] = [adminUrl, ownerUrl, url].map((text) => new URL(text).password);
  return { admin, owner, broker };
}

async function initialise(bin: string, folder: string, password: string): Promise<void> {
  const file = join(folder, 'admin.password');
  await writeFile(file, password);
  await giveToPostgres(folder);
  const args = ['-D', join(folder, 'data'), '-U', 'admin', '-A', 'scram-sha-256', '-E', 'UTF8', '--locale', 'C', '-N'];
  await runOk(...asPostgres(join(bin, 'initdb'), [...args, '--pwfile', file]));
}

async function copyOf(bin: string, data: string, primary: Postgres): Promise<void> {
  const args = ['-D', data, '-R', '-c', 'fast', '-d', primary.adminUrl.replace('/fairlead', '/postgres')];
  await runOk(...asPostgres(join(bin, 'pg_basebackup'), args));
}

interface Place {
  readonly port: number;
  readonly folder: string;
  readonly options: PostgresOptions;
  readonly files: readonly string[];
}

function settingsOf({ port, folder, options, files: [certFile, keyFile, caFile] }: Place): readonly string[] {
  return [
    '',
    `port = ${port}`,
    "listen_addresses = '127.0.0.1, 127.0.0.2'",
    `unix_socket_directories = '${join(folder, 'socket')}'`,
    // Small and fast. `fsync` stays on: a server without it is not what is tested.
    'shared_buffers = 16MB',
    'max_connections = 60',
    'max_wal_senders = 4',
    'wal_keep_size = 64MB',
    'autovacuum = off',
    ...(options.tls === undefined ? [] : ['ssl = on', `ssl_cert_file = '${certFile}'`, `ssl_key_file = '${keyFile}'`]),
    ...(options.tls === undefined ? [] : [`ssl_ca_file = '${caFile}'`]),
    ...(options.settings ?? []),
    '',
  ];
}

function hba(tls: PostgresOptions['tls']): readonly string[] {
  const type = tls === undefined ? 'host' : 'hostssl';
  const certificate = tls === 'server and client' ? ' clientcert=verify-ca' : '';
  return [
    'local all all scram-sha-256',
    `${type} all all 127.0.0.0/8 scram-sha-256${certificate}`,
    'host replication all 127.0.0.1/32 scram-sha-256',
    '',
  ];
}

/** Where a test gives a URL instead of a file. */
export function urlSource(url: string): SecretSource {
  return { read: async () => new Secret(url) };
}

/** Runs some work with a connection, such as `migrate`. */
export async function withConnection<T>(url: string, work: (query: Query) => Promise<T>): Promise<T> {
  await using connections = openConnections({ url: urlSource(url), tls: undefined, maxConnections: 1 });
  const result = await connections.use(30_000, work);
  return result;
}

/** Creates the tables, as `fairlead records migrate` does. */
export async function migrated(postgres: Postgres): Promise<Postgres> {
  await withConnection(postgres.ownerUrl, migrate);
  return postgres;
}

/** Waits until a standby has what the primary has committed. */
export async function caughtUp(primary: Postgres, standby: Postgres): Promise<void> {
  const [place = ''] = (await primary.sql('SELECT pg_current_wal_lsn()')).split('\n');
  await waitFor('the standby to catch up', async () =>
    (await standby.sql(`SELECT pg_last_wal_replay_lsn() >= '${place}'`)).startsWith('t'),
  );
}
