/** Reads and checks a signing key and its certificates. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../../core/system-error.ts';
import { othersMayRead } from '../../core/file-access.ts';
import { raceRead } from '../../core/hanging-reads.ts';
import { certificatesInPem } from '../../core/pem.ts';
import { processUser } from '../process-user.ts';
import type { KeyAlgorithm } from './config.ts';
import { hasLeadingZeroCoordinate } from './key-ids.ts';

export interface KeyFiles {
  readonly keyFile: string;
  /** Undefined: registries know the key by its id only. */
  readonly certFile: string | undefined;
}

/** A private key with its certificates, leaf first. */
export interface LoadedKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly chain: readonly X509Certificate[];
  /** Sentences about what works but probably should change. */
  readonly warnings: readonly string[];
}

/** A chain has a few certificates of a few KiB each. */
const MAX_BYTES = 1024 * 1024;
/** A file system that takes longer does not answer. */
const READ_MS = 10_000;
/** Days before its end at which a certificate that a person renews is reported. */
export const WARN_DAYS = 30;
/** How `keygen --authority` and the broker name their authorities. */
export const OWN_AUTHORITY = 'Fairlead token CA';
const DAY_MS = 24 * 3600 * 1000;

/**
 * @param warnDays warns of certificates that expire within so many days
 * @throws Error that names the file and says what is wrong with it and what to do.
 */
export async function readKey(
  { keyFile, certFile }: KeyFiles,
  algorithm: KeyAlgorithm,
  warnDays = WARN_DAYS,
): Promise<LoadedKey> {
  const keyText = await read(keyFile, MISSING_KEY);
  const privateKey = parseKey(keyText, keyFile);
  requireAlgorithm(privateKey, algorithm, keyFile);
  // Read once where both are in one file, which may be replaced at any time.
  const chain =
    certFile === undefined
      ? []
      : parseChain(certFile === keyFile ? keyText : await read(certFile, MISSING_CERTIFICATE), certFile);
  requireLeaf(chain, privateKey, certFile, keyFile);
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey,
    publicKey,
    chain,
    warnings: [
      ...(await modeWarnings(keyFile)),
      ...chain.flatMap((certificate) => dateWarnings(certificate, certFile, warnDays)),
      ...chain.flatMap((certificate) => authorityWarnings(certificate, certFile)),
      ...nameWarnings(publicKey, keyFile),
    ],
  };
}

/** @throws Error when the file has no certificate in PEM */
export async function readCertificates(file: string): Promise<readonly X509Certificate[]> {
  return parseChain(await read(file, MISSING_CERTIFICATE), file);
}

const MISSING_KEY = 'without keyFile, the broker makes a key when it starts';
const MISSING_CERTIFICATE = 'add the certificate of the key, or correct certFile';

async function read(file: string, cure: string): Promise<string> {
  try {
    const late = delay(READ_MS, undefined, { ref: false });
    return await raceRead(`read ${file}`, () => readBounded(file), late);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') throw new Error(`${file} does not exist; ${cure}`, { cause: error });
    if (code === 'ETIMEDOUT') throw new Error(`${file} cannot be read`, { cause: error });
    throw error;
  }
}

async function readBounded(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_BYTES) throw new Error(`${file} has ${size} bytes, expected ${MAX_BYTES} at most`);
  return await readFile(file, 'utf8');
}

function parseKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // Without the cause: messages of OpenSSL can quote the input.
    throw new Error(`${file} is not a private key in PEM (PKCS#8, PKCS#1 or SEC1) without a passphrase`);
  }
}

const EXPECTED = {
  ES256: 'an EC key on P-256',
  RS256: 'an RSA key of 2048 bits or more',
  EdDSA: 'an Ed25519 key',
} as const satisfies Record<KeyAlgorithm, string>;

function requireAlgorithm(key: KeyObject, algorithm: KeyAlgorithm, file: string): void {
  if (fits(key, algorithm)) return;
  throw new Error(`${file} contains a key that does not fit ${algorithm}: expected ${EXPECTED[algorithm]}`);
}

function fits({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject, algorithm: KeyAlgorithm): boolean {
  switch (algorithm) {
    case 'ES256':
      return type === 'ec' && details?.namedCurve === 'prime256v1';
    case 'RS256':
      return type === 'rsa' && (details?.modulusLength ?? 0) >= 2048;
    case 'EdDSA':
      return type === 'ed25519';
  }
}

function parseChain(text: string, file: string): readonly X509Certificate[] {
  const blocks = certificatesInPem(text);
  if (blocks.length === 0) throw new Error(`${file} contains no certificate in PEM`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw new Error(`${file} contains something that is not a certificate in PEM`);
  }
}

function requireLeaf(
  [leaf]: readonly X509Certificate[],
  key: KeyObject,
  certFile: string | undefined,
  keyFile: string,
): void {
  if (leaf === undefined || leaf.checkPrivateKey(key)) return;
  throw new Error(`${certFile} does not begin with the certificate of the key ${keyFile}`);
}

async function modeWarnings(keyFile: string): Promise<readonly string[]> {
  const user = processUser();
  if (user === undefined || !othersMayRead(await stat(keyFile), user)) return [];
  return [`${keyFile} can be read by others than its owner; run chmod 600 on it`];
}

/** Registries check the dates of the whole chain, without leeway. */
export function dateWarnings(
  certificate: X509Certificate,
  file: string | undefined,
  warnDays = WARN_DAYS,
): readonly string[] {
  const { subject, validFrom, validFromDate, validTo, validToDate } = certificate;
  const whose = `${file} (${subject.replaceAll('\n', ', ')})`;
  const left = validToDate.getTime() - Date.now();
  if (left <= 0) {
    throw new Error(
      `${whose} expired on ${validTo}: registries refuse its tokens; make a new certificate for the same key`,
    );
  }
  if (validFromDate.getTime() > Date.now()) {
    throw new Error(`${whose} is not valid before ${validFrom}: correct the clock of this machine, or wait`);
  }
  if (left >= warnDays * DAY_MS) return [];
  return [`${whose} expires on ${validTo}: registries refuse its tokens after that`];
}

/**
 * Whoever has a certificate of an authority that a registry trusts can sign tokens: registries do not look at what a
 * certificate is for.
 */
export function authorityWarnings({ ca, subject }: X509Certificate, file: string | undefined): readonly string[] {
  if (!ca || subject.includes(OWN_AUTHORITY)) return [];
  return [
    `${file} has the certificate of an authority (${subject.replaceAll('\n', ', ')}): a registry that trusts it accepts tokens that any holder of one of its certificates signs; use an authority for Fairlead alone, named "${OWN_AUTHORITY} …"`,
  ];
}

function nameWarnings(publicKey: KeyObject, keyFile: string): readonly string[] {
  if (!hasLeadingZeroCoordinate(publicKey)) return [];
  return [
    `${keyFile} is one of the EC keys whose RFC 7638 thumbprint distribution 3.1 computes wrongly: with kid-rfc7638, give it the key set (jwks) and not the certificate, or make another key`,
  ];
}
