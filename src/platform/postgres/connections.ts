/**
 * Connections to one database, with a time limit on every use. Nothing here waits for a server that does not answer:
 * `pg` has no limit of its own that covers waiting for a connection, opening it and all statements together.
 */
import { once } from 'node:events';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import type { PoolClient, PoolConfig } from 'pg';
import type { SecretSource } from '../../core/identity.ts';
import { parsePostgresUrl, isOnThisMachine, shownAddress } from './address.ts';
import type { PostgresAddress } from './address.ts';
import { LateError, UnusableError } from './failures.ts';

export interface PostgresTls {
  /** Certificates (PEM) of the only trusted authorities; undefined: those that Node.js includes. */
  readonly ca?: readonly string[];
  /** The certificate that the broker presents, and its key (PEM). */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export interface ConnectionSettings {
  /** The URL, read again for each use, so that a new password needs no restart. */
  readonly url: SecretSource;
  /** Undefined: without TLS, which is possible on this machine only. */
  readonly tls: PostgresTls | undefined;
  readonly maxConnections: number;
  /** Called once for each new connection. Throws when the database is not the expected one. */
  readonly verify?: (query: Query) => Promise<void>;
}

export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Rows that were changed or returned. */
  readonly count: number;
  /** `COMMIT`, `UPDATE`. */
  readonly command: string;
  /** The codes of warnings that came with the answer. */
  readonly warnings: readonly string[];
}

/** Sends one statement without a name: a named one does not survive in a pool such as PgBouncer that shares connections. */
export type Query = (text: string, values?: readonly unknown[]) => Promise<Answer>;

export interface Connections extends AsyncDisposable {
  /**
   * Gives a connection to some work. After a failure the connection is closed, unless the work has recovered from it.
   *
   * @param milliseconds for everything: a free connection, opening one, and the work
   * @throws LateError when it takes longer; the connection is closed
   */
  use<T>(milliseconds: number, work: (query: Query) => Promise<T>): Promise<T>;
  /** Uses new connections from now on: open ones may be dead, and each use of a dead one waits for its time limit. */
  renew(): void;
  /** The database, for messages. It has no password. */
  where(): string;
}

/** Uses that wait for a connection; more fail at once. */
const MAX_WAITING = 1000;
const IDLE_MS = 30_000;
/** A connection is opened again after this time, so that load balancers and failovers take effect. */
const LIFETIME_SECONDS = 300;
/** For a connection that nobody waits for any more. */
const CONNECT_MS = 5000;
/** After which the connections of a pool that is out of use are closed. Longer than an operation. */
const RETIRE_MS = 10_000;
/** For a graceful end: a server that does not answer would take for ever. */
const CLOSE_MS = 200;
const SUCCESS = '00000';

export function openConnections(settings: ConnectionSettings): Connections {
  const sockets = new Set<Socket>();
  const verified = new WeakSet<PoolClient>();
  const warnings = new WeakMap<PoolClient, string[]>();
  let opened: { readonly url: string; readonly pool: Pool } | undefined;
  let where = 'the URL in urlFile';
  let isClosed = false;

  /** A pool for the URL as it is now. The connections of an older one are closed after their use. */
  async function current(): Promise<NonNullable<typeof opened>> {
    const secret = await settings.url.read();
    if (isClosed) throw new UnusableError('the records are closed');
    const url = secret.reveal();
    if (opened?.url === url) return opened;
    const address = parsePostgresUrl(secret);
    if (settings.tls === undefined && !isOnThisMachine(address)) {
      throw new UnusableError(
        `${address.host} is another machine: remove tls.mode: none, so that TLS protects the records`,
      );
    }
    where = shownAddress(address);
    renew();
    opened = { url, pool: newPool(address) };
    return opened;
  }

  function newPool({ host, port, user, database, password }: PostgresAddress): Pool {
    const pool = new Pool({
      host,
      port,
      user,
      database,
      // A function: otherwise `pg` takes a missing one from the environment or from ~/.pgpass.
      password: () => password?.reveal() ?? '',
      ssl: settings.tls === undefined ? false : tlsOptions(settings.tls),
      max: settings.maxConnections,
      connectionTimeoutMillis: CONNECT_MS,
      idleTimeoutMillis: IDLE_MS,
      maxLifetimeSeconds: LIFETIME_SECONDS,
      keepAlive: true,
      application_name: 'fairlead',
      stream: () => tracked(sockets),
    });
    // An idle connection that breaks is replaced at the next use.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => {
      client.on('error', () => undefined);
      client.on('notice', ({ code = '' }) => {
        if (code !== SUCCESS) warnings.get(client)?.push(code);
      });
    });
    return pool;
  }

  function renew(): void {
    const retired = opened?.pool;
    opened = undefined;
    // Not at once: uses that wait in it would get no connection any more.
    if (retired !== undefined) setTimeout(() => void end(retired), RETIRE_MS).unref();
  }

  function queryOf(client: PoolClient): Query {
    return async (text, values = []) => {
      const codes: string[] = [];
      warnings.set(client, codes);
      const { rows, rowCount, command } = await client.query<Record<string, unknown>>(text, [...values]);
      return { rows, count: rowCount ?? 0, command, warnings: codes };
    };
  }

  async function withClient<T>(client: PoolClient, work: (query: Query) => Promise<T>): Promise<T> {
    const query = queryOf(client);
    if (settings.verify !== undefined && !verified.has(client)) {
      await settings.verify(query);
      verified.add(client);
    }
    return work(query);
  }

  return {
    use: (milliseconds, work) =>
      within(milliseconds, async (limit) => {
        const { pool } = await limit(current());
        if (pool.waitingCount >= MAX_WAITING)
          throw new LateError(`more than ${MAX_WAITING} uses wait for a connection`);
        const connecting = pool.connect();
        const client = await limit(connecting, (late) => late.release());
        try {
          const result = await limit(withClient(client, work));
          client.release();
          return result;
        } catch (error) {
          client.release(true);
          throw error;
        }
      }),
    renew,
    where: () => where,
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      const closed = Promise.all([
        ...(opened === undefined ? [] : [end(opened.pool)]),
        ...[...sockets].map((socket) => once(socket, 'close').catch(() => undefined)),
      ]);
      await Promise.race([closed, delay(CLOSE_MS, undefined, { ref: false })]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Waits for a promise until the limit; `onLate` gets its result when that comes later. */
type Limit = <T>(promise: Promise<T>, onLate?: (late: T) => void) => Promise<T>;

async function within<T>(milliseconds: number, work: (limit: Limit) => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => undefined);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    late.reject(new LateError(`no answer within ${milliseconds} ms`));
  }, milliseconds);
  const limit: Limit = (promise, onLate) => {
    const settled = promise.then((result) => {
      if (isLate) onLate?.(result);
      return result;
    });
    return Promise.race([settled, late.promise]);
  };
  try {
    return await work(limit);
  } finally {
    clearTimeout(timer);
  }
}

function tlsOptions({ ca, certificate }: PostgresTls): Exclude<PoolConfig['ssl'], boolean | undefined> {
  return {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca: [...ca], allowPartialTrustChain: true }),
    ...certificate,
  };
}

async function end(pool: Pool): Promise<void> {
  await pool.end().catch(() => undefined);
}

function tracked(sockets: Set<Socket>): Socket {
  const socket = new Socket();
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  return socket;
}
