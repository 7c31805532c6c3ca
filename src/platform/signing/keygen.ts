/** Makes signing keys with the certificates by which registries trust them. */
// @peculiar/x509 requires it to be loaded first.
import 'reflect-metadata';
import { generateKeyPair, randomBytes, webcrypto } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509CertificateGenerator } from '@peculiar/x509';
import type { KeyAlgorithm } from './config.ts';
import { hasLeadingZeroCoordinate } from './key-ids.ts';

export interface MadeKey {
  /** PKCS#8, PEM. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
}

const generate = promisify(generateKeyPair);
const RSA_BITS = 3072;
const YEARS = 10;
/** Registries check the dates of a certificate exactly, and their clocks may be behind. */
export const BACKDATE_MS = 24 * 3600 * 1000;

/**
 * A new key with a certificate for ten years.
 *
 * @param name becomes the common name of the certificate
 */
export async function makeKey(algorithm: KeyAlgorithm, name: string): Promise<MadeKey> {
  const { publicKey, privateKey } = await generatePair(algorithm);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificate: await selfSign(algorithm, name, { publicKey, privateKey }),
  };
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A new key. EC keys whose thumbprint distribution 3.1 computes wrongly are discarded. */
export async function generatePair(algorithm: KeyAlgorithm): Promise<KeyPair> {
  const pair = await generateAnyPair(algorithm);
  return hasLeadingZeroCoordinate(pair.publicKey) ? generatePair(algorithm) : pair;
}

function generateAnyPair(algorithm: KeyAlgorithm): Promise<KeyPair> {
  switch (algorithm) {
    case 'ES256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'RS256':
      return generate('rsa', { modulusLength: RSA_BITS });
    case 'EdDSA':
      return generate('ed25519');
  }
}

export const WEB_CRYPTO = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
} as const satisfies Record<KeyAlgorithm, object>;

/** A leaf that is its own root: registries accept it because their bundle contains it. */
async function selfSign(algorithm: KeyAlgorithm, name: string, pair: KeyPair): Promise<string> {
  const webAlgorithm = WEB_CRYPTO[algorithm];
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [`Fairlead token signing key ${name}`] }],
      notBefore: new Date(Date.now() - BACKDATE_MS),
      notAfter: inTenYears(),
      signingAlgorithm: webAlgorithm,
      keys: {
        publicKey: pair.publicKey.toCryptoKey(webAlgorithm, true, ['verify']),
        privateKey: pair.privateKey.toCryptoKey(webAlgorithm, true, ['sign']),
      },
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      ],
    },
    webcrypto,
  );
  return `${certificate.toString('pem')}\n`;
}

/** Positive (RFC 5280, section 4.1.2.2) and random. */
export function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

export function inTenYears(): Date {
  const date = new Date();
  date.setUTCFullYear(date.getUTCFullYear() + YEARS);
  return date;
}
