/** What `fairlead records` does to a database before brokers use it. */
import { readEntries, retiredName, retireEntries } from '../platform/store/sqlite-read.ts';
import { systemClock } from '../platform/clock.ts';
import type { Connections, Query } from '../platform/postgres/connections.ts';
import { failureText, migrationFailureText } from '../platform/postgres/failures.ts';
import type { PostgresSettings } from '../platform/postgres/open.ts';
import { isBrokerRunning } from './control.ts';
import { postgresSettings, storeFile } from './open-records.ts';
import type { PostgresConfig } from './open-records.ts';

/** An operator waits. */
const MIGRATE_MS = 10 * 60_000;
const COPY_MS = 10 * 60_000;
/** For one statement of a copy, of a thousand entries. */
const COPY_STATEMENT_MS = 60_000;

/**
 * Creates the tables, or brings them to the version of this program.
 *
 * @param urlFile a file with the URL of the owner of the tables; absent: the broker's own
 * @returns the versions before and after; 0: there was nothing
 */
export async function migrateRecords(config: PostgresConfig, urlFile?: string) {
  const { migrate } = await import('../platform/postgres/schema.ts');
  return withDatabase(await postgresSettings(config, urlFile), MIGRATE_MS, migrate, migrationFailureText);
}

interface Copied {
  readonly entries: number;
  /** Those that were not in the database. */
  readonly copied: number;
  /** The new name of the file. */
  readonly retired: string;
}

/**
 * Copies the records of this broker from its file into the database, and puts the file out of use: a second copy would
 * bring back what has been revoked since.
 */
export async function copyRecords(stateDir: string, config: PostgresConfig): Promise<Copied> {
  if (await isBrokerRunning(stateDir)) {
    throw new Error('the broker runs: stop it first, so that no token is issued or revoked during the copy');
  }
  const file = storeFile(stateDir);
  const settings = await postgresSettings(config);
  const entries = readEntries(file, systemClock.now());
  // Before the copy: after a copy whose file stays in use, the next one would bring revoked tokens back.
  retiredName(file);
  const { copyEntries } = await import('../platform/postgres/copy.ts');
  const { verifySchema } = await import('../platform/postgres/schema.ts');
  const options = { synchronousCommit: settings.synchronousCommit, statementMs: COPY_STATEMENT_MS };
  const copied = await withDatabase(settings, COPY_MS, async (query) => {
    await verifySchema(query);
    return copyEntries(query, options, entries);
  });
  return { entries: entries.length, copied, retired: retireEntries(file) };
}

async function withDatabase<T>(
  settings: PostgresSettings,
  milliseconds: number,
  work: (query: Query) => Promise<T>,
  describe: (error: unknown) => string = failureText,
): Promise<T> {
  const { openConnections } = await import('../platform/postgres/connections.ts');
  await using connections: Connections = openConnections({ ...settings, maxConnections: 1 });
  try {
    return await connections.use(milliseconds, work);
  } catch (error) {
    throw new Error(`${connections.where()}: ${describe(error)}`, { cause: error });
  }
}
