/** What a server's certificate is checked against, and what this broker shows it of itself. */
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { readAuthorities, readOwnCertificate } from '../../certificates.ts';

export interface TrustFiles {
  /** Certificates (PEM) of the only authorities to trust; undefined: those Node brings. */
  readonly caFile: string | undefined;
  /** The certificate (PEM, with its chain) this broker shows, and its key; both or neither. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** @throws Error that names the file, when it cannot be read or holds no certificate or a broken one */
export async function loadTrust({ caFile, certFile, keyFile }: TrustFiles): Promise<SecureContext> {
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(caFile === undefined ? {} : { ca: await readAuthorities(caFile) }),
    ...(certFile === undefined || keyFile === undefined ? {} : await readOwnCertificate(certFile, keyFile)),
  });
}
