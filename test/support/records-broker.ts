/** Brokers that share their records in PostgreSQL. */
import type { Broker, Files } from './broker.ts';
import type { Postgres } from './postgres.ts';
import { SERVICE, startStaticBroker, STATIC_CONFIG } from './static-broker.ts';

export interface RecordsBrokerOptions {
  /** The port of a proxy in front of the server. */
  readonly port?: number;
  /** Keys of `records.postgres`. */
  readonly records?: Readonly<Record<string, unknown>>;
  readonly files?: Files;
  /** Sections of the configuration, in place of those of `recordsConfig` or in addition. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The configuration of a broker, but for its users and the file of the URL. */
export function recordsConfig(records: Readonly<Record<string, unknown>> = {}) {
  return {
    ...STATIC_CONFIG,
    services: { [SERVICE]: { anonymous: 'allow', refreshTokens: {} } },
    personalTokens: {},
    records: { postgres: { urlFile: 'postgres.url', tls: { mode: 'none' }, ...records } },
  };
}

export function startRecordsBroker(
  { url, port: own }: Pick<Postgres, 'url' | 'port'>,
  { port = own, records = {}, files = {}, config = {} }: RecordsBrokerOptions = {},
): Promise<Broker> {
  return startStaticBroker({
    config: { ...recordsConfig(records), ...config },
    files: { 'postgres.url': `${url.replace(`:${own}/`, `:${port}/`)}\n`, ...files },
  });
}
