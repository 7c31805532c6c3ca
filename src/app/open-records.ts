/** The records of the broker: in PostgreSQL where it is configured, otherwise in a file of its own. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretRef } from '../backends/fields.ts';
import { readAuthorities, readOwnCertificate } from '../backends/certificates.ts';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { createSecrets } from '../config/secrets.ts';
import { describeError } from '../core/errors.ts';
import { parseSignedInAccount } from '../core/signed-in-account.ts';
import type { SignedInAccounts } from '../core/signed-in-account.ts';
import type { Clock, Log } from '../core/ports.ts';
import type { Sealing } from '../core/sign-in.ts';
import type { PostgresTls } from '../platform/postgres/connections.ts';
import type { PostgresDeps, PostgresSettings } from '../platform/postgres/open.ts';
import { createSealing, parseSealingKey } from '../platform/sealing.ts';
import type { Records } from '../platform/store/records.ts';

export type PostgresConfig = NonNullable<BrokerConfig['records']>['postgres'];

/** Where the records are, of a configuration. */
export type RecordsConfig = Pick<BrokerConfig, 'stateDir' | 'records'>;

/** The file with all persistent state but the keys, where there is no database. */
export const storeFile = (stateDir: string): string => join(stateDir, 'fairlead.db');

/** Whether something that is configured has records. Without it, no file is created and no database is reached. */
export function hasRecords({
  services,
  console,
  personalTokens,
}: {
  readonly services: Readonly<Record<string, { readonly refreshTokens?: unknown }>>;
  readonly console?: unknown;
  readonly personalTokens?: unknown;
}): boolean {
  return (
    console !== undefined ||
    personalTokens !== undefined ||
    Object.values(services).some(({ refreshTokens }) => refreshTokens !== undefined)
  );
}

/**
 * PostgreSQL is not reached yet: a broker starts, and serves logins with a password, while it is down.
 *
 * @throws Error that names the file, when a file cannot be used
 */
export async function openRecords({ stateDir, records }: RecordsConfig, deps: PostgresDeps): Promise<Records> {
  if (records === undefined) {
    const { openSqlite } = await import('../platform/store/sqlite.ts');
    return openSqlite(storeFile(stateDir));
  }
  const settings = await postgresSettings(records.postgres);
  const unused = await unusedFile(stateDir);
  if (unused !== undefined) deps.log.warn(unused);
  const { openPostgres } = await import('../platform/postgres/open.ts');
  return openPostgres(settings, deps);
}

/** The accounts of people who have signed in with a browser. */
export function openAccounts(records: Pick<Records, 'store'>, clock: Clock): SignedInAccounts {
  return records.store({ name: 'accounts', clock, decode: parseSignedInAccount });
}

/** Characters of a sealed token of a provider: some are signed, with the groups of the person in them. */
const MAX_SEALED_TOKEN = 64 * 1024;

/** The same for backends, with what seals the tokens of providers that are stored with accounts. */
export function openSealedAccounts(
  records: Pick<Records, 'store'>,
  clock: Clock,
): { readonly accounts: SignedInAccounts; readonly sealing: Sealing } {
  const store = records.store({ name: 'sealing-keys', clock, decode: parseSealingKey });
  const sealing = createSealing({ store, clock, use: 'accounts', maxLength: MAX_SEALED_TOKEN });
  return { accounts: openAccounts(records, clock), sealing };
}

/** Opens the records of a broker that starts. While they cannot be reached, the log has a warning, and it starts. */
export async function openOwnRecords(config: RecordsConfig, deps: PostgresDeps): Promise<Records> {
  const records = await openRecords(config, deps);
  // Not awaited: a broker starts while the database is down.
  void warnIfDown(records, deps.log);
  return records;
}

async function warnIfDown({ probe }: Pick<Records, 'probe'>, log: Log): Promise<void> {
  const found = await probe?.();
  if (found?.state === 'down') log.warn('records store unavailable', { cause: found.detail });
}

/** @returns a warning about tokens in a file that nobody reads any more; undefined: there is none */
export async function unusedFile(stateDir: string): Promise<string | undefined> {
  const file = storeFile(stateDir);
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  return `the tokens in ${file} are not used: stop the broker and run \`fairlead records copy\`, or remove the file`;
}

/** Longest time that a command waits for one operation. */
const COMMAND_SECONDS = 5;

/** The same for a command: a person waits longer than a request, and wants an answer from a busy server, too. */
export function patient<Config extends RecordsConfig>(config: Config): Config {
  const { records } = config;
  return records === undefined
    ? config
    : { ...config, records: { postgres: { ...records.postgres, timeout: COMMAND_SECONDS } } };
}

/**
 * @param urlFile another file with a URL, such as that of the owner of the tables; absent: the configured one
 * @throws Error that names the file, when a file cannot be used
 */
export async function postgresSettings(config: PostgresConfig, urlFile?: string): Promise<PostgresSettings> {
  const url = createSecrets()(new SecretRef({ file: urlFile ?? config.urlFile.path }));
  const { parsePostgresUrl } = await import('../platform/postgres/address.ts');
  try {
    parsePostgresUrl(await url.read());
  } catch (error) {
    throw new Error(`${urlFile ?? config.urlFile.path}: ${describeError(error)}`, { cause: error });
  }
  return {
    url,
    tls: config.tls.mode === 'none' ? undefined : await readTls(config.tls),
    maxConnections: config.maxConnections,
    synchronousCommit: config.synchronousCommit,
    timeoutMs: config.timeout * 1000,
  };
}

async function readTls({ caFile, certFile, keyFile }: PostgresConfig['tls']): Promise<PostgresTls> {
  return {
    ...(caFile === undefined ? {} : { ca: await readAuthorities(caFile.path) }),
    ...(certFile === undefined || keyFile === undefined
      ? {}
      : { certificate: await readOwnCertificate(certFile.path, keyFile.path) }),
  };
}
