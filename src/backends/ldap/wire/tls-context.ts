/** The certificates that a server's certificate is verified with, and the client certificate of this broker. */
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { readAuthorities, readOwnCertificate } from '../../certificates.ts';

interface TlsFiles {
  /** Certificates (PEM) that alone are trusted: authorities, or servers; undefined: the authorities that Node includes. */
  readonly caFile: string | undefined;
  /** The client certificate (PEM, with its chain) and its key; both or neither. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** @throws Error with the name of a file that cannot be read, or that holds no valid certificate or key */
export async function loadTlsContext({ caFile, certFile, keyFile }: TlsFiles): Promise<SecureContext> {
  return createSecureContext({
    minVersion: 'TLSv1.2',
    // A certificate in the file is trusted although its issuer is not in it: an issuing authority, or the certificate of
    // the server itself. Without this OpenSSL requires the root.
    ...(caFile === undefined ? {} : { ca: [...(await readAuthorities(caFile))], allowPartialTrustChain: true }),
    ...(certFile === undefined || keyFile === undefined ? {} : await readOwnCertificate(certFile, keyFile)),
  });
}
