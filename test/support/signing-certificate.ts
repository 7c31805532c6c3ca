/** Certificates of signing keys that `keygen` does not make: given by an authority, expired, not valid yet. */
import 'reflect-metadata';
import { createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509CertificateGenerator } from '@peculiar/x509';

export interface CertificateOptions {
  /** P-256; the certificate is of its public half. */
  readonly key: KeyObject;
  /** The certificate's common name. */
  readonly name?: string;
  /** Absent: it signs itself. */
  readonly authority?: Authority;
  readonly isAuthority?: boolean;
  /** Days from now; negative: ago. */
  readonly fromDays?: number;
  readonly untilDays?: number;
}

export interface Authority {
  readonly key: KeyObject;
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;

/** @returns PEM */
export async function makeCertificate({
  key,
  name = 'token signing key',
  authority,
  isAuthority = false,
  fromDays = -1,
  untilDays = 365,
}: CertificateOptions): Promise<string> {
  const certificate = await X509CertificateGenerator.create(
    {
      subject: [{ CN: [name] }],
      issuer: [{ CN: [authority?.name ?? name] }],
      notBefore: new Date(Date.now() + fromDays * DAY_MS),
      notAfter: new Date(Date.now() + untilDays * DAY_MS),
      signingAlgorithm: P256,
      publicKey: createPublicKey(key).toCryptoKey(P256, true, ['verify']),
      signingKey: (authority?.key ?? key).toCryptoKey(P256, true, ['sign']),
      extensions: [
        new BasicConstraintsExtension(isAuthority, undefined, true),
        new KeyUsagesExtension(isAuthority ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature, true),
      ],
    },
    webcrypto,
  );
  return `${certificate.toString('pem')}\n`;
}

export async function makeAuthority(name: string): Promise<Authority> {
  const key = ecKey();
  return { key, name, certificate: await makeCertificate({ key, name, isAuthority: true }) };
}

export function ecKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** An EC key that every registry can name. */
export function namedEcKey(): KeyObject {
  for (;;) {
    const key = ecKey();
    if (!hasLeadingZero(key)) return key;
  }
}

/** One EC key in 128 has a coordinate that begins with a zero byte: some hundreds are enough to find one. */
export function ecKeyWithLeadingZero(): KeyObject {
  for (;;) {
    const key = ecKey();
    if (hasLeadingZero(key)) return key;
  }
}

function hasLeadingZero(key: KeyObject): boolean {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  return [x, y].some((coordinate) => Buffer.from(coordinate, 'base64url')[0] === 0);
}

export function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}
