/** What the files of the configuration are needed for: the connection to the provider, and the key for assertions. */
import { readAuthorities, readOwnCertificate } from '../../certificates.ts';
import { openConnection } from '../../http-client/connection.ts';
import type { Connection } from '../../http-client/connection.ts';
import { openProxy, proxyFiles } from '../../http-client/proxy.ts';
import type { BackendDeps } from '../../backend.ts';
import { methodOf } from './client-config.ts';
import { readClientKey } from './client-key.ts';
import type { ClientKey } from './client-key.ts';
import type { ProviderConfig } from './provider-config.ts';

interface ProviderTransport {
  readonly connection: Connection;
  /** Signs assertions; undefined where the client authenticates in another way. */
  readonly key: ClientKey | undefined;
}

type Configured = Pick<ProviderConfig, 'issuer' | 'internalUrl' | 'client' | 'caFile' | 'proxy'>;

/** Absolute paths of the files that `openTransport` reads. */
export function transportFiles({ client, caFile, proxy }: Configured): readonly string[] {
  const files = [caFile, client.keyFile, client.certFile].flatMap((file) => (file === undefined ? [] : [file.path]));
  return [...files, ...proxyFiles(proxy)];
}

/** @throws Error that names the file when one cannot be used */
export async function openTransport(config: Configured, secret: BackendDeps['secret']): Promise<ProviderTransport> {
  const { issuer, internalUrl = issuer, client, caFile } = config;
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
  return {
    connection: openConnection({
      peer: 'the provider',
      configured: [issuer, internalUrl],
      ca,
      certificate,
      proxy: await openProxy(config.proxy, secret),
    }),
    key,
  };
}
