/** The private key that the client signs assertions with (RFC 7523, section 2.2). */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileWithin } from '../../read-file.ts';
import type { CryptoKey } from 'openid-client';
import { readOwnCertificate } from '../../certificates.ts';

export interface ClientKey {
  /** Not extractable: it can sign, and cannot be exported. */
  readonly key: CryptoKey;
  /** SHA-256 of its certificate (`x5t#S256`, RFC 7515, section 4.1.8), where there is one. */
  readonly thumbprint: string | undefined;
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
const LEAST_RSA_BITS = 2048;

/** @throws Error that names the file when it holds no usable key, or the certificate of another key */
export async function readClientKey(keyFile: string, certFile: string | undefined): Promise<ClientKey> {
  const key = await importKey(keyFile);
  if (certFile === undefined) return { key, thumbprint: undefined };
  const { cert } = await readOwnCertificate(certFile, keyFile);
  const digest = new X509Certificate(cert).fingerprint256.replaceAll(':', '');
  return { key, thumbprint: Buffer.from(digest, 'hex').toString('base64url') };
}

async function importKey(file: string): Promise<CryptoKey> {
  let found: KeyObject;
  try {
    found = createPrivateKey((await readFileWithin(file)).toString());
  } catch {
    // The cause is left out: it may quote the file.
    throw new Error(`${file}: expected a private key in PEM, not encrypted`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = found;
  if (type === 'rsa' && (details.modulusLength ?? 0) >= LEAST_RSA_BITS) {
    return found.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign']);
  }
  const namedCurve = CURVES[details.namedCurve ?? ''];
  if (type === 'ec' && namedCurve !== undefined) {
    return found.toCryptoKey({ name: 'ECDSA', namedCurve }, false, ['sign']);
  }
  throw new Error(`${file}: expected an RSA key of ${LEAST_RSA_BITS} bits or more, or one for P-256, P-384 or P-521`);
}
