/** Certificates in files (PEM). Every error names the file and says what was expected. */
import { X509Certificate } from 'node:crypto';
import { certificatesInPem } from '../core/pem.ts';
import { readFileWithin } from './read-file.ts';

/**
 * Reads a `caFile`.
 *
 * @returns the certificates, each in PEM
 * @throws Error when it cannot be read or holds no certificate or a broken one
 */
export async function readAuthorities(file: string): Promise<readonly string[]> {
  const certificates = certificatesInPem(await read(file));
  if (certificates.length === 0) {
    throw new Error(`${file}: expected certificates in PEM (-----BEGIN CERTIFICATE-----), found none`);
  }
  for (const [index, certificate] of certificates.entries()) {
    try {
      // oxlint-disable-next-line no-new -- throws when the certificate cannot be read
      new X509Certificate(certificate);
    } catch (cause) {
      throw new Error(`${file}: certificate ${index + 1} cannot be read`, { cause });
    }
  }
  return certificates;
}

/** The certificate that the broker presents, in PEM. */
export interface OwnCertificate {
  /** With its chain. */
  readonly cert: string;
  readonly key: string;
}

/** @throws Error when either cannot be read, or they do not belong together */
export async function readOwnCertificate(certFile: string, keyFile: string): Promise<OwnCertificate> {
  const own = { cert: await read(certFile), key: await read(keyFile) };
  // Loaded here: it takes time at the start, and few have such a certificate.
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext(own);
  } catch (cause) {
    throw new Error(`${certFile} and ${keyFile}: expected a certificate and the key that belongs to it, in PEM`, {
      cause,
    });
  }
  return own;
}

async function read(file: string): Promise<string> {
  try {
    return (await readFileWithin(file)).toString();
  } catch (cause) {
    throw new Error(`${file}: cannot be read`, { cause });
  }
}
