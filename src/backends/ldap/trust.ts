/** What a server's certificate is checked against. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

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
    ...(certFile === undefined || keyFile === undefined ? {} : await readOwn(certFile, keyFile)),
  });
}

async function readOwn(certFile: string, keyFile: string): Promise<{ readonly cert: string; readonly key: string }> {
  const own = { cert: await read(certFile), key: await read(keyFile) };
  try {
    createSecureContext(own);
  } catch (cause) {
    throw new Error(`${certFile} and ${keyFile}: expected a certificate and the key that belongs to it, in PEM`, {
      cause,
    });
  }
  return own;
}

async function readAuthorities(file: string): Promise<string[]> {
  const certificates = (await read(file)).match(CERTIFICATE) ?? [];
  if (certificates.length === 0) {
    throw new Error(`${file}: expected certificates in PEM (-----BEGIN CERTIFICATE-----), found none`);
  }
  for (const [index, certificate] of certificates.entries()) {
    try {
      // oxlint-disable-next-line no-new -- what counts is whether it can be read
      new X509Certificate(certificate);
    } catch (cause) {
      throw new Error(`${file}: certificate ${index + 1} cannot be read`, { cause });
    }
  }
  return certificates;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${file}: cannot be read`, { cause });
  }
}
