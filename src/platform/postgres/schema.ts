/** The tables, their versions, and how one version becomes the next. All names are in the schema `fairlead`. */
import { UnusableError, sqlState } from './failures.ts';
import type { Answer, Query } from './connections.ts';

interface Migration {
  readonly sql: string;
  /** The oldest version that can work with the result: brokers of both versions run during an upgrade. */
  readonly compatibleFrom: number;
}

/**
 * The entries of all stores, such as refresh tokens and sessions. A further kind of record is a store with another name, and needs no
 * migration. Keys and groups are bytes, because text cannot hold NUL. Values are text and not `jsonb`, which would change
 * what is compared. `place` is the order of use: an entry that is put or replaced gets the next place.
 */
const FIRST = `
  CREATE SEQUENCE fairlead.places;
  CREATE TABLE fairlead.records (
    store text NOT NULL,
    key bytea NOT NULL,
    family bytea,
    value text NOT NULL CHECK (pg_catalog.octet_length(value) <= 65536),
    expires_at bigint NOT NULL,
    place bigint NOT NULL DEFAULT pg_catalog.nextval('fairlead.places'),
    PRIMARY KEY (store, key)
  );
  CREATE INDEX records_by_place ON fairlead.records (store, place);
  CREATE INDEX records_by_family ON fairlead.records (store, family, place) WHERE family IS NOT NULL;
  CREATE INDEX records_by_end ON fairlead.records (expires_at);`;

const MIGRATIONS: readonly Migration[] = [{ sql: FIRST, compatibleFrom: 1 }];
export const SCHEMA_VERSION = MIGRATIONS.length;

const VERSION_TABLE = `
  CREATE TABLE IF NOT EXISTS fairlead.schema_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version integer NOT NULL,
    compatible_from integer NOT NULL
  )`;

/** A number that no other program uses as its lock: "fairlead" in ASCII. */
const LOCK = '7377293604775354724';
const READ_VERSION = 'SELECT version, compatible_from FROM fairlead.schema_version';

interface SchemaVersion {
  readonly version: number;
  readonly compatibleFrom: number;
}

/**
 * Brings the tables to the version of this program. Several may run at the same time: one works, the others wait, and
 * find nothing to do. Everything is one transaction.
 *
 * @returns the versions before and after; 0: there was nothing
 * @throws Error when a newer program has been here
 */
export async function migrate(query: Query): Promise<{ readonly from: number; readonly to: number }> {
  await query('BEGIN');
  try {
    // Released with the transaction, also behind a pool that shares connections.
    await query('SELECT pg_catalog.pg_advisory_xact_lock($1::bigint)', [LOCK]);
    // `IF NOT EXISTS` asks for the right to create it, also where it exists.
    const { rows } = await query("SELECT pg_catalog.to_regnamespace('fairlead') IS NOT NULL AS there");
    if (rows[0]?.['there'] !== true) await query('CREATE SCHEMA fairlead');
    await query(VERSION_TABLE);
    const from = versionIn(await query(READ_VERSION));
    if (from !== undefined && from.version > SCHEMA_VERSION) requireVersion(from);
    const done = from?.version ?? 0;
    for (const { sql } of MIGRATIONS.slice(done)) await query(sql);
    await query(
      `INSERT INTO fairlead.schema_version (version, compatible_from) VALUES ($1, $2)
       ON CONFLICT (only_row) DO UPDATE SET version = $1, compatible_from = $2 WHERE schema_version.version < $1`,
      [SCHEMA_VERSION, MIGRATIONS.at(-1)?.compatibleFrom],
    );
    await query('COMMIT');
    return { from: done, to: Math.max(done, SCHEMA_VERSION) };
  } catch (error) {
    await query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** @throws UnusableError when this program cannot work with the tables */
export async function verifySchema(query: Query): Promise<void> {
  requireVersion(await readVersion(query));
}

async function readVersion(query: Query): Promise<SchemaVersion | undefined> {
  try {
    return versionIn(await query(READ_VERSION));
  } catch (error) {
    // No schema, no table.
    if (['3F000', '42P01'].includes(sqlState(error) ?? '')) return undefined;
    throw error;
  }
}

function versionIn({ rows: [row] }: Answer): SchemaVersion | undefined {
  if (row === undefined) return undefined;
  return { version: Number(row['version']), compatibleFrom: Number(row['compatible_from']) };
}

function requireVersion(found: SchemaVersion | undefined): void {
  if (found === undefined) throw new UnusableError('the tables are missing: run `fairlead records migrate`');
  const { version, compatibleFrom } = found;
  if (version < SCHEMA_VERSION) {
    throw new UnusableError(
      `the tables have version ${version}, this program needs ${SCHEMA_VERSION}: run \`fairlead records migrate\``,
    );
  }
  if (compatibleFrom > SCHEMA_VERSION) {
    throw new UnusableError(
      `the tables have version ${version}, which programs from version ${compatibleFrom} on can use, and this one has ${SCHEMA_VERSION}: start the newer Fairlead`,
    );
  }
}
