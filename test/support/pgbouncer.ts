/** A real PgBouncer in front of PostgreSQL: clients share connections, each for one transaction. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { asPostgres, giveToPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';
import { start } from './process.ts';
import { portAnswers } from './wait.ts';

const PGBOUNCER: Part = { program: 'pgbouncer', debian: 'pgbouncer' };

export interface PgBouncer extends AsyncDisposable {
  /** The URL of the role of the broker. */
  readonly url: string;
}

export function canRunPgBouncer(): boolean {
  return findPart(PGBOUNCER) !== undefined;
}

/** @param connections to the server, fewer than its clients have */
export async function startPgBouncer(postgres: Postgres, connections: number): Promise<PgBouncer> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-pgbouncer-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const { username, password } = new URL(postgres.url);
  await writeFile(join(folder, 'users'), `"${username}" "${password}"\n`, { mode: 0o600 });
  await writeFile(
    join(folder, 'pgbouncer.ini'),
    `[databases]
fairlead = host=127.0.0.1 port=${postgres.port} dbname=fairlead
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users')}
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 100
`,
  );
  await giveToPostgres(folder);
  const bouncer = cleanup.use(start(...asPostgres(findPart(PGBOUNCER) ?? '', [join(folder, 'pgbouncer.ini')])));
  await bouncer.waitUntil('PgBouncer to listen', () => portAnswers(port));
  const running = cleanup.move();
  return {
    url: postgres.url.replace(`:${postgres.port}/`, `:${port}/`),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
