/** What brokers share, where `shared` is configured. Its libraries are loaded only then. */
import { readFile } from 'node:fs/promises';
import { readAuthorities, readOwnCertificate } from '../backends/certificates.ts';
import { SecretRef } from '../backends/fields.ts';
import type { FilePath } from '../backends/fields.ts';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { createSecrets } from '../config/secrets.ts';
import type { Log } from '../core/ports.ts';
import type { MemoryLedger } from '../platform/ledger/memory.ts';
import { systemClock } from '../platform/clock.ts';
import type { BackendHeartbeat } from '../platform/valkey/backend-heartbeats.ts';
import type { SharedEnd } from '../platform/valkey/epoch-view.ts';
import type { ValkeyAddress } from '../platform/valkey/client.ts';
import type { SharedStore } from '../platform/valkey/shared-store.ts';

type SharedConfig = NonNullable<BrokerConfig['shared']>;
type TlsConfig = NonNullable<SharedConfig['valkey']['tls']>;

interface OpenSharedDeps {
  readonly local: MemoryLedger;
  readonly log: Log;
  readonly onEnd: (ended: SharedEnd) => void;
  readonly revisions: () => Readonly<Record<string, string>>;
  readonly backends: () => readonly BackendHeartbeat[];
}

/** @throws Error that names the file when a key, password or certificate cannot be used */
export async function openShared(
  { shared, shield }: Pick<BrokerConfig, 'shared' | 'shield'>,
  deps: OpenSharedDeps,
): Promise<SharedStore | undefined> {
  if (shared === undefined) return undefined;
  const { openSharedStore } = await import('../platform/valkey/shared-store.ts');
  return openSharedStore({
    ...deps,
    address: await storeAddress(shared.valkey),
    keys: await fleetKeys(shared),
    whenDown: shared.whenDown,
    cacheSeconds: Math.max(shield.remember, shield.staleIfError),
    clock: systemClock,
  });
}

/** The contents of the key files; the first one is used for what is written. */
export function fleetKeys({ keyFile, previousKeyFile }: SharedConfig): Promise<readonly Uint8Array[]> {
  const files = previousKeyFile === undefined ? [keyFile] : [keyFile, previousKeyFile];
  return Promise.all(files.map(({ path }) => readFile(path)));
}

/** @throws Error that names the file when a certificate cannot be used */
export async function storeAddress(valkey: SharedConfig['valkey']): Promise<ValkeyAddress> {
  const { urls = [], sentinel, username, passwordFile, tls = {} } = valkey;
  return {
    addresses: urls,
    username,
    readPassword: passwordIn(passwordFile),
    ...(sentinel === undefined
      ? {}
      : {
          sentinel: {
            name: sentinel.name,
            addresses: sentinel.urls,
            username: sentinel.username,
            readPassword: passwordIn(sentinel.passwordFile),
          },
        }),
    tls: await readTls(tls),
  };
}

async function readTls({ caFile, certFile, keyFile }: TlsConfig): Promise<ValkeyAddress['tls']> {
  return {
    ...(caFile === undefined ? {} : { ca: (await readAuthorities(caFile.path)).join('\n') }),
    ...(certFile === undefined || keyFile === undefined ? {} : await readOwnCertificate(certFile.path, keyFile.path)),
  };
}

function passwordIn(file: FilePath | undefined): (() => Promise<string>) | undefined {
  if (file === undefined) return undefined;
  const source = createSecrets()(new SecretRef({ file: file.path }));
  return async () => (await source.read()).reveal();
}
