/** The certificates of a `caFile`. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * @returns the certificates, PEM.
 * @throws Error that names the file, when it cannot be read or holds no certificate or a broken one.
 */
export async function readAuthorities(file: string): Promise<string> {
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
  return certificates.join('\n');
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${file}: cannot be read`, { cause });
  }
}
