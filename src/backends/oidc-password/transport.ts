/** What the files of the configuration are needed for: the connection to the provider, and the key for assertions. */
import { readAuthorities, readOwnCertificate } from '../certificates.ts';
import { openConnection } from '../http-client/connection.ts';
import type { Connection } from '../http-client/connection.ts';
import { methodOf } from './client-config.ts';
import { readClientKey } from './client-key.ts';
import type { ClientKey } from './client-key.ts';
import type { OidcPasswordConfig } from './config.ts';

interface ProviderTransport {
  readonly connection: Connection;
  /** Signs assertions; undefined where the client authenticates in another way. */
  readonly key: ClientKey | undefined;
}

type Configured = Pick<OidcPasswordConfig, 'issuer' | 'client' | 'caFile' | 'proxy'>;

/** Absolute paths of the files that `openTransport` reads. */
export function transportFiles({ client, caFile }: Pick<Configured, 'client' | 'caFile'>): readonly string[] {
  return [caFile, client.keyFile, client.certFile].flatMap((file) => (file === undefined ? [] : [file.path]));
}

/** @throws Error that names the file when one cannot be used */
export async function openTransport({ issuer, client, caFile, proxy }: Configured): Promise<ProviderTransport> {
  const method = methodOf(client);
  const { keyFile, certFile } = client;
  const ca = caFile === undefined ? undefined : await readAuthorities(caFile.path);
  const key =
    method === 'private_key_jwt' && keyFile !== undefined
      ? await readClientKey(keyFile.path, certFile?.path)
      : undefined;
  const certificate =
    method === 'tls_client_auth' && keyFile !== undefined && certFile !== undefined
      ? await readOwnCertificate(certFile.path, keyFile.path)
      : undefined;
  return { connection: openConnection({ peer: 'the provider', configured: [issuer], ca, certificate, proxy }), key };
}
