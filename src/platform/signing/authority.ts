/**
 * An authority of the broker's own, and certificates for the keys that it signs tokens with. Registries trust the
 * authority alone, so that a new key needs no change of a registry.
 */
// @peculiar/x509 requires it to be loaded first.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { KeyAlgorithm } from './config.ts';
import { BACKDATE_MS, generatePair, inTenYears, serialNumber, WEB_CRYPTO } from './keygen.ts';
import type { MadeKey } from './keygen.ts';
import { OWN_AUTHORITY } from './read-key.ts';
import type { LoadedKey } from './read-key.ts';

/** A new authority for ten years. It can sign certificates of keys, and no other authority. */
export async function makeAuthority(algorithm: KeyAlgorithm, name: string): Promise<MadeKey> {
  const webAlgorithm = WEB_CRYPTO[algorithm];
  const pair = await generatePair(algorithm);
  const publicKey = pair.publicKey.toCryptoKey(webAlgorithm, true, ['verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [`${OWN_AUTHORITY} ${name}`] }],
      notBefore: new Date(Date.now() - BACKDATE_MS),
      notAfter: inTenYears(),
      signingAlgorithm: webAlgorithm,
      keys: { publicKey, privateKey: pair.privateKey.toCryptoKey(webAlgorithm, true, ['sign']) },
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
        await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return pemOf(pair.privateKey, certificate);
}

/**
 * A new key, and its certificate by the authority.
 *
 * @param lifetime seconds; the certificate never outlives that of the authority
 */
export async function issueLeaf(
  authority: Pick<LoadedKey, 'privateKey' | 'publicKey' | 'chain'>,
  { algorithm, name, lifetime }: { readonly algorithm: KeyAlgorithm; readonly name: string; readonly lifetime: number },
): Promise<MadeKey> {
  const webAlgorithm = WEB_CRYPTO[algorithm];
  const [certificateOfAuthority] = authority.chain;
  if (certificateOfAuthority === undefined) throw new Error(`the authority ${name} has no certificate`);
  const pair = await generatePair(algorithm);
  const authorityKey = authority.publicKey.toCryptoKey(webAlgorithm, true, ['verify']);
  const end = Math.min(Date.now() + lifetime * 1000, certificateOfAuthority.validToDate.getTime());
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: [{ CN: [`Fairlead token signing key ${name}`] }],
      // As its certificate spells it, byte by byte: verifiers compare the two names so.
      issuer: new X509Certificate(certificateOfAuthority.raw).subjectName,
      notBefore: new Date(Date.now() - BACKDATE_MS),
      notAfter: new Date(end),
      signingAlgorithm: webAlgorithm,
      publicKey: pair.publicKey.toCryptoKey(webAlgorithm, true, ['verify']),
      signingKey: authority.privateKey.toCryptoKey(webAlgorithm, true, ['sign']),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await AuthorityKeyIdentifierExtension.create(authorityKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return pemOf(pair.privateKey, certificate);
}

function pemOf(privateKey: KeyObject, certificate: X509Certificate): MadeKey {
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificate: `${certificate.toString('pem')}\n`,
  };
}
