/** What `check --connect` reports about the database: what does not work, and what works and should be changed. */
import type { Clock, Step } from '../../core/ports.ts';
import { exchangeTime, failed, passed, warning } from '../store-steps.ts';
import { openConnections } from './connections.ts';
import type { Query } from './connections.ts';
import { failureText } from './failures.ts';
import type { PostgresSettings } from './open.ts';
import { verifySchema } from './schema.ts';

/** A person waits for it, and a busy server is no error. */
const INSPECT_MS = 5000;
const OLDEST_SERVER = 130_000;
const SLOW_MS = 50;
const CLOCK_SECONDS = 2;

const ABOUT = `
  SELECT pg_catalog.current_setting('server_version_num')::int AS number,
         pg_catalog.current_setting('server_version') AS version,
         pg_catalog.current_setting('server_encoding') AS encoding,
         pg_catalog.current_setting('fsync') AS fsync,
         pg_catalog.current_setting('statement_timeout') AS statement_timeout,
         pg_catalog.current_setting('synchronous_standby_names') AS standbys,
         pg_catalog.pg_is_in_recovery()
           OR pg_catalog.current_setting('transaction_read_only') = 'on' AS readonly,
         extract(epoch FROM pg_catalog.clock_timestamp())::float8 AS time,
         (SELECT pg_catalog.count(*)::int FROM pg_catalog.pg_stat_replication) AS replicas`;

const PRIVILEGES = `
  SELECT (SELECT rolsuper OR rolcreaterole OR rolcreatedb
          FROM pg_catalog.pg_roles WHERE rolname = current_user) AS powerful,
         pg_catalog.has_schema_privilege('fairlead', 'CREATE') AS creates,
         pg_catalog.has_table_privilege('fairlead.records', 'SELECT')
           AND pg_catalog.has_table_privilege('fairlead.records', 'INSERT')
           AND pg_catalog.has_table_privilege('fairlead.records', 'UPDATE')
           AND pg_catalog.has_table_privilege('fairlead.records', 'DELETE')
           AND pg_catalog.has_sequence_privilege('fairlead.places', 'USAGE') AS enough`;

type Settings = Pick<PostgresSettings, 'url' | 'tls' | 'synchronousCommit' | 'timeoutMs'>;

/** Never throws. */
export async function inspectPostgres(settings: Settings, clock: Clock): Promise<readonly Step[]> {
  await using connections = openConnections({ ...settings, maxConnections: 1 });
  const steps: Step[] = [];
  try {
    await connections.use(INSPECT_MS, async (query) => {
      const tls = settings.tls === undefined ? 'without TLS' : 'with TLS';
      steps.push(passed(`connects to ${connections.where()} ${tls}`));
      steps.push(...(await aboutServer(query, settings, clock)));
      steps.push(await latency(query, settings));
      await verifySchema(query);
      steps.push(...(await privileges(query)));
    });
  } catch (error) {
    steps.push(failed(failureText(error)));
  }
  return steps.map((step) => ({ ...step, text: `records: ${step.text}` }));
}

async function aboutServer(query: Query, { synchronousCommit }: Settings, clock: Clock): Promise<readonly Step[]> {
  const [row = {}] = (await query(ABOUT)).rows;
  const text = (name: string): string => String(row[name]);
  const steps: Step[] = [];
  const isOld = Number(row['number']) < OLDEST_SERVER;
  steps.push({ ok: !isOld, text: `PostgreSQL ${text('version')}${isOld ? ', expected 13 or newer' : ''}` });
  if (text('encoding') !== 'UTF8') steps.push(failed(`the encoding is ${text('encoding')}, expected UTF8`));
  if (row['readonly'] === true) steps.push(failed('the server is read-only: name the primary in urlFile'));
  if (text('fsync') !== 'on') steps.push(warning('fsync is off: a crash of the server loses tokens and revocations'));
  if (text('statement_timeout') === '0') {
    steps.push(
      warning('the role has no statement_timeout: `fairlead records roles` prints the statement that sets it'),
    );
  }
  steps.push(...replication(text('standbys'), Number(row['replicas']), synchronousCommit));
  const difference = Math.round(Number(row['time']) - clock.now());
  if (Math.abs(difference) > CLOCK_SECONDS) {
    steps.push(
      warning(`the clock of the server differs by ${difference} s: tokens expire at another time; use NTP on both`),
    );
  }
  return steps;
}

function replication(
  names: string,
  replicas: number,
  synchronousCommit: Settings['synchronousCommit'],
): readonly Step[] {
  if (names !== '') return [passed(`synchronous standbys: ${names} (synchronousCommit: ${synchronousCommit})`)];
  if (replicas > 0) {
    return [
      warning(
        'a standby follows asynchronously: a failover to it brings revoked tokens back; set synchronous_standby_names on the server',
      ),
    ];
  }
  if (synchronousCommit === 'on') return [];
  return [
    warning('synchronousCommit is remote_apply, and the server has no synchronous standby: it has the effect of on'),
  ];
}

async function latency(query: Query, { timeoutMs }: Settings): Promise<Step> {
  const milliseconds = await exchangeTime(() => query('SELECT 1'));
  const text = `a statement takes ${milliseconds.toFixed(1)} ms`;
  if (milliseconds <= SLOW_MS) return passed(text);
  return warning(`${text}: an exchange needs two to seven of them, within timeout (${timeoutMs} ms) each`);
}

async function privileges(query: Query): Promise<readonly Step[]> {
  const [row = {}] = (await query(PRIVILEGES)).rows;
  if (row['enough'] !== true) {
    return [failed('the role of the broker cannot write the tables: see `fairlead records roles`')];
  }
  if (row['powerful'] === true || row['creates'] === true) {
    return [
      warning('the role of the broker can do more than it needs, such as create tables: see `fairlead records roles`'),
    ];
  }
  return [passed('the role can read and write rows, and change nothing else')];
}
