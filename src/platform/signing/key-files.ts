/** Keys on disk: made on the first start, read on every other, never overwritten. */
import { createPrivateKey, createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeyAlgorithm, KeyConfig } from './config.ts';

export interface KeyFiles {
  readonly keyFile: string;
  /** Undefined: the key is known by its id only. */
  readonly certFile: string | undefined;
}

/** A private key with its certificates, leaf first. */
export interface LoadedKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly chain: readonly X509Certificate[];
  /** What works and deserves a look, as sentences. */
  readonly warnings: readonly string[];
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Far more than it takes to link a file. */
const WAIT_MS = 2000;
const WARN_DAYS = 30;
const DAY_MS = 24 * 3600 * 1000;

export function keyFilesOf({ name, keyFile, certFile }: KeyConfig, stateDir: string): KeyFiles {
  if (keyFile !== undefined) return { keyFile: keyFile.path, certFile: certFile?.path };
  const folder = join(stateDir, 'keys');
  return { keyFile: join(folder, `${name}.pem`), certFile: join(folder, `${name}.crt`) };
}

/**
 * Makes the key and its certificate in `stateDir` unless they are there. Two brokers that start at once agree: the
 * first to link its file into place wins, and the other uses that.
 */
export async function ensureKey(config: KeyConfig, stateDir: string): Promise<'made' | 'found'> {
  const { keyFile, certFile } = keyFilesOf(config, stateDir);
  if (config.keyFile !== undefined || certFile === undefined || (await exists(certFile))) return 'found';
  await mkdir(join(stateDir, 'keys'), { recursive: true, mode: 0o700 });
  if (await exists(keyFile)) return await waitForCertificate(keyFile, certFile);
  // Only a first start needs what makes certificates, which takes long to load.
  const { makeKey } = await import('./keygen.ts');
  const made = await makeKey(config.algorithm, config.name);
  // Whoever links the key links the certificate too, so that a key never goes with another's certificate.
  const draft = `${keyFile}.${randomUUID()}.draft`;
  try {
    await writeFile(draft, made.key, { mode: 0o600, flag: 'wx' });
    await writeFile(`${draft}.crt`, made.certificate, { mode: 0o644, flag: 'wx' });
    if (!(await linkedFirst(draft, keyFile))) return await waitForCertificate(keyFile, certFile);
    await linkedFirst(`${draft}.crt`, certFile);
    return 'made';
  } finally {
    await rm(draft, { force: true });
    await rm(`${draft}.crt`, { force: true });
  }
}

async function linkedFirst(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Another broker that starts now has linked its key and is about to link the certificate. */
async function waitForCertificate(keyFile: string, certFile: string): Promise<'found'> {
  const until = performance.now() + WAIT_MS;
  while (performance.now() < until) {
    if (await exists(certFile)) return 'found';
    await delay(20);
  }
  throw new Error(
    `${keyFile} is there without its certificate ${certFile}: put that back, or remove the key to have both made anew`,
  );
}

/** @throws Error that names the file and says what is wrong with it and what to do. */
export async function readKey(files: KeyFiles, algorithm: KeyAlgorithm): Promise<LoadedKey> {
  const warnings: string[] = [];
  const privateKey = parseKey(await readKeyFile(files.keyFile), files.keyFile);
  requireAlgorithm(privateKey, algorithm, files.keyFile);
  if (((await stat(files.keyFile)).mode & 0o077) !== 0) {
    warnings.push(`${files.keyFile} can be read by others than its owner; run chmod 600 on it`);
  }
  const chain = files.certFile === undefined ? [] : parseChain(await readFile(files.certFile, 'utf8'), files.certFile);
  const [leaf] = chain;
  if (leaf !== undefined && files.certFile !== undefined) {
    if (!leaf.checkPrivateKey(privateKey)) {
      throw new Error(
        `${files.certFile} is not the certificate of the key ${files.keyFile}: its first certificate must be`,
      );
    }
    warnings.push(...dateWarnings(leaf, files.certFile));
  }
  return { privateKey, publicKey: createPublicKey(privateKey), chain, warnings };
}

async function readKeyFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new Error(`${file} is not there; a key that no keyFile names is made when the broker starts`, {
      cause: error,
    });
  }
}

function parseKey(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is left out: OpenSSL's words can hold pieces of the input.
    throw new Error(`${file} is not a private key in PEM (PKCS#8, PKCS#1 or SEC1) without a passphrase`);
  }
}

function requireAlgorithm(key: KeyObject, algorithm: KeyAlgorithm, file: string): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const fits =
    algorithm === 'ES256'
      ? type === 'ec' && details?.namedCurve === 'prime256v1'
      : algorithm === 'RS256'
        ? type === 'rsa' && (details?.modulusLength ?? 0) >= 2048
        : type === 'ed25519';
  if (!fits) throw new Error(`${file} holds a key that does not fit ${algorithm}: expected ${WANTED[algorithm]}`);
}

const WANTED = {
  ES256: 'an EC key on P-256',
  RS256: 'an RSA key of 2048 bits or more',
  EdDSA: 'an Ed25519 key',
} as const satisfies Record<KeyAlgorithm, string>;

function parseChain(text: string, file: string): readonly X509Certificate[] {
  const blocks = text.match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0) throw new Error(`${file} holds no certificate in PEM`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw new Error(`${file} holds something that is not a certificate in PEM`);
  }
}

function dateWarnings(leaf: X509Certificate, file: string): readonly string[] {
  const left = leaf.validToDate.getTime() - Date.now();
  if (left <= 0) {
    throw new Error(
      `${file} has expired on ${leaf.validTo}: registries refuse what it signs; make a new certificate of the same key`,
    );
  }
  if (leaf.validFromDate.getTime() > Date.now()) throw new Error(`${file} is not valid before ${leaf.validFrom}`);
  return left < WARN_DAYS * DAY_MS
    ? [`${file} expires on ${leaf.validTo}: registries refuse what it signs after that`]
    : [];
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
