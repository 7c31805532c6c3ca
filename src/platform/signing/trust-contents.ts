/** What the files of `trustDir` contain. */
import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { libtrustKeyId } from './key-ids.ts';
import { readCertificates } from './read-key.ts';
import { trustPaths } from './trust-files.ts';

/**
 * The names of the files that contain a certificate or its key. Files that are missing or damaged contain nothing.
 *
 * @param certFile its first certificate counts
 * @param key the name of the key that the certificate belongs to
 */
export async function trustFilesWith(certFile: string, key: string, trustDir: string): Promise<readonly string[]> {
  const [certificate] = await readCertificates(certFile);
  if (certificate === undefined) return [];
  const { bundle, keySet, certificate: ownFile } = trustPaths(trustDir);
  const found = await Promise.all([
    hasCertificate(bundle, certificate),
    hasKey(keySet, certificate),
    hasCertificate(ownFile(key), certificate),
  ]);
  return [bundle, keySet, ownFile(key)].filter((_file, index) => found[index]).map((file) => basename(file));
}

async function hasCertificate(file: string, { fingerprint256 }: X509Certificate): Promise<boolean> {
  const certificates = await readCertificates(file).catch(() => []);
  return certificates.some((other) => other.fingerprint256 === fingerprint256);
}

async function hasKey(file: string, { publicKey }: X509Certificate): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.includes(JSON.stringify(libtrustKeyId(publicKey)));
}
