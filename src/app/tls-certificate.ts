/** Reads the certificate and key of the TLS listener, and accepts only a pair that clients can connect with. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileWithin } from '../backends/read-file.ts';
import { causeOf } from '../config/read-text.ts';
import { certificatesInPem } from '../core/pem.ts';

export interface TlsFiles {
  readonly certFile: { readonly path: string };
  readonly keyFile: { readonly path: string };
}

export interface TlsCertificate {
  /** PEM: the certificate and its chain. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** Seconds since 1970 at which the first certificate of the chain expires. */
  readonly expiresAt: number;
  /** What clients will refuse, or will soon, as sentences. */
  readonly warnings: readonly string[];
}

const WARN_DAYS = 14;
const DAY_MS = 24 * 3600 * 1000;

/** @throws Error that names the file and says what to do */
export async function readTlsCertificate(files: TlsFiles): Promise<TlsCertificate> {
  const certFile = files.certFile.path;
  const keyFile = files.keyFile.path;
  const [cert, key] = await Promise.all([read(certFile), read(keyFile)]);
  const [leaf, ...chain] = parseChain(cert, certFile);
  const privateKey = parseKey(key, keyFile);
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new Error(
      `${certFile} is not the certificate of the key ${keyFile}: put the server's own certificate first in the file, ` +
        'or replace both files together',
    );
  }
  await requireAccepted({ cert, key }, certFile, keyFile);
  return {
    cert,
    key,
    expiresAt: Math.floor(leaf.validToDate.getTime() / 1000),
    warnings: [leaf, ...chain].flatMap((certificate) => dateWarnings(certificate, certFile)),
  };
}

async function read(file: string): Promise<string> {
  let text: string;
  try {
    text = (await readFileWithin(file)).toString();
  } catch (error) {
    throw new Error(`${file} cannot be read (${causeOf(error)}); correct the path or the permissions`, {
      cause: error,
    });
  }
  // Node takes an empty file for "no certificate", and every handshake fails.
  if (text.trim() === '') throw new Error(`${file} is empty; write the new file elsewhere and rename it into place`);
  return text;
}

function parseChain(text: string, file: string): readonly [X509Certificate, ...X509Certificate[]] {
  try {
    const [leaf, ...chain] = certificatesInPem(text).map((block) => new X509Certificate(block));
    if (leaf !== undefined) return [leaf, ...chain];
  } catch {
    // The words of OpenSSL do not help.
  }
  throw new Error(`${file} has no valid certificate in PEM; put the certificate and its chain there`);
}

function parseKey(text: string, file: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    // The cause is left out: the words of OpenSSL can contain pieces of the input.
    throw new Error(`${file} has no private key in PEM without a passphrase (PKCS#8, PKCS#1 or SEC1); put it there`);
  }
}

/** OpenSSL has rules of its own, on the size of keys and the digests of signatures. */
async function requireAccepted(
  pair: { readonly cert: string; readonly key: string },
  certFile: string,
  keyFile: string,
): Promise<void> {
  // Loaded here: it takes time at the start, and most brokers are behind a proxy with TLS.
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext({ minVersion: 'TLSv1.2', ...pair });
  } catch {
    throw new Error(
      `${certFile} and ${keyFile} cannot be used for TLS; make a certificate with an RSA key of 2048 bits, an EC key ` +
        'or an Ed25519 key, signed with SHA-256',
    );
  }
}

function dateWarnings(certificate: X509Certificate, file: string): readonly string[] {
  const { subject, validFrom, validFromDate, validTo, validToDate } = certificate;
  const name = `${file} (${subject.replaceAll('\n', ', ')})`;
  const left = validToDate.getTime() - Date.now();
  if (left <= 0) return [`${name} expired on ${validTo}: clients refuse the connection; renew it`];
  if (validFromDate.getTime() > Date.now()) return [`${name} is not valid before ${validFrom}: clients refuse it`];
  return left < WARN_DAYS * DAY_MS ? [`${name} expires on ${validTo}: renew it`] : [];
}
