/** All signing keys, and what registries need to verify their signatures. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { exists } from '../atomic-files.ts';
import type { Log } from '../../core/ports.ts';
import { certifiedBy } from './ca-file.ts';
import type { KeyAlgorithm, KeyConfig } from './config.ts';
import { readGenerations, signingGeneration } from './generations.ts';
import type { Generation } from './generations.ts';
import { ensureKey } from './key-files.ts';
import { libtrustKeyId, thumbprint } from './key-ids.ts';
import { certificateEnd, ensureLeaf, readLeaf, renewalTime } from './leaf-file.ts';
import type { CertifiedKeyConfig } from './leaf-file.ts';
import { readCertificates, readKey, WARN_DAYS } from './read-key.ts';
import type { LoadedKey } from './read-key.ts';

/** What registries learn of a key. */
interface PublicKey {
  /** The id of its generation. */
  readonly id: string;
  readonly algorithm: KeyAlgorithm;
  readonly publicKey: KeyObject;
  readonly libtrustKeyId: string;
  /** RFC 7638. */
  readonly thumbprint: string;
  /** What registries that trust certificates trust: its own with the chain, or that of its authority. */
  readonly trusted: readonly X509Certificate[];
}

export interface SigningKey extends LoadedKey, PublicKey {
  readonly name: string;
  /** Seconds since 1970 after which registries refuse its certificates; Infinity without certificates. */
  readonly end: number;
  /** Seconds since 1970 at which the broker renews it; Infinity: it does not. */
  readonly renewAt: number;
  /** Generations that are announced, or whose tokens may still be valid. Those of an authority are authorities. */
  readonly others: readonly PublicKey[];
  /** Whether an authority certifies it, so that registries know it by its certificate alone. */
  readonly isCertified: boolean;
}

/** INVARIANT: at least one key; the first signs unless a service names another. */
export type Keyset = readonly [SigningKey, ...SigningKey[]];

/** Reads the keys, and makes those that are missing in `stateDir`. @throws Error that names the file. */
export async function loadKeys(configs: readonly KeyConfig[], stateDir: string, log: Log): Promise<Keyset> {
  const keys: SigningKey[] = [];
  for (const config of configs) {
    const made = await makeOrFind(config, stateDir);
    const { certFile } = signingGeneration(await readGenerations(config, stateDir));
    const key = await loadKey(config, stateDir, 'renew');
    for (const warning of key.warnings) log.warn(warning, { key: key.name });
    const fields = { key: key.name, algorithm: key.algorithm, kid: key.libtrustKeyId, certificate: certFile };
    log.info(
      made === 'made' ? 'signing key made: fairlead registry-config prints what registries need' : 'signing key loaded',
      fields,
    );
    keys.push(key);
  }
  return atLeastOne(keys);
}

async function makeOrFind(config: KeyConfig, stateDir: string): ReturnType<typeof ensureKey> {
  try {
    return await ensureKey(config, stateDir);
  } catch (error) {
    // An error of the file system names only a path; other errors are complete.
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new Error(`the signing key ${config.name} cannot be made in ${stateDir}`, { cause: error });
  }
}

/**
 * Reads the keys of a running broker again. It makes no key: one that is gone was removed by somebody. Keys that an
 * authority certifies are renewed when that is due.
 *
 * @throws Error that names the file.
 */
export async function reloadKeys(configs: readonly KeyConfig[], stateDir: string): Promise<Keyset> {
  return atLeastOne(await Promise.all(configs.map((config) => loadKey(config, stateDir, 'renew or fail'))));
}

/** Reads the keys without making any. @throws Error that names the file. */
export async function readKeys(configs: readonly KeyConfig[], stateDir: string): Promise<Keyset> {
  return atLeastOne(await Promise.all(configs.map((config) => loadKey(config, stateDir, 'read'))));
}

function atLeastOne([first, ...rest]: readonly SigningKey[]): Keyset {
  if (first === undefined) throw new Error('no signing key is configured');
  return [first, ...rest];
}

/**
 * Reads the keys that exist and makes none, for `check`.
 *
 * @returns warnings @throws Error that names the file.
 */
export async function checkKeys(configs: readonly KeyConfig[], stateDir: string): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (const config of configs) {
    const generation = signingGeneration(await readGenerations(config, stateDir));
    const isMade = (config.authority ?? config).keyFile !== undefined || (await exists(generation.keyFile));
    if (!isMade) continue;
    warnings.push(...(await readSigningKey(config, generation)).warnings);
    await publicKeys(config, await readGenerations(config, stateDir));
  }
  return warnings;
}

/** What happens to a key of an authority when a new one is due: `renew` uses the old one while it lasts. */
type LeafMode = 'read' | 'renew' | 'renew or fail';

async function loadKey(config: KeyConfig, stateDir: string, mode: LeafMode): Promise<SigningKey> {
  const generations = await readGenerations(config, stateDir);
  const generation = signingGeneration(generations);
  const loaded = await readSigningKey(config, generation);
  const others = await publicKeys(config, generations);
  const { authority } = config;
  if (authority === undefined) {
    const key = { ...signingKey(config, generation.id, loaded), others, renewAt: Infinity };
    return { ...key, ...loaded, isCertified: config.caFile !== undefined };
  }
  const certified = await loadLeaf({ ...config, authority }, loaded, stateDir, mode);
  const leaf = signingKey(config, generation.id, certified);
  // Enough also for an authority that another one certifies: registries take every certificate of their bundle as a root.
  const trusted = loaded.chain.slice(0, 1);
  const end = Math.min(leaf.end, certificateEnd({ chain: trusted }));
  const warnings = [...loaded.warnings, ...certified.warnings];
  return { ...leaf, warnings, trusted, end, others, renewAt: certified.renewAt, isCertified: true };
}

async function loadLeaf(config: CertifiedKeyConfig, authority: LoadedKey, stateDir: string, mode: LeafMode) {
  const { leaf, failure } =
    mode === 'read' ? { leaf: await readLeaf(config, stateDir) } : await ensureLeaf(config, authority, stateDir);
  const text = `the signing key ${config.name} cannot be renewed in ${stateDir}`;
  if (failure !== undefined && mode === 'renew or fail') throw new Error(text, { cause: failure });
  const warnings = failure === undefined ? leaf.warnings : [...leaf.warnings, text];
  return { ...leaf, warnings, renewAt: renewalTime(leaf, authority, config) };
}

/** @throws Error when the files of the generation cannot be used */
export async function readGeneration(config: KeyConfig, { keyFile, certFile }: Generation): Promise<LoadedKey> {
  // Whoever renews a certificate of `caFile` makes short-lived ones, whose end is always near.
  const loaded = await readKey({ keyFile, certFile }, config.algorithm, config.caFile === undefined ? WARN_DAYS : 0);
  if (config.authority !== undefined && loaded.chain[0]?.ca !== true) {
    throw new Error(`${certFile} is not the certificate of an authority; make one with fairlead keygen --authority`);
  }
  return loaded;
}

/** Like `readGeneration`, and checks it with the certificate of an authority elsewhere if there is one. */
async function readSigningKey(
  config: KeyConfig,
  generation: Generation,
): Promise<LoadedKey & Partial<Pick<SigningKey, 'trusted' | 'end'>>> {
  const loaded = await readGeneration(config, generation);
  const { caFile } = config;
  return caFile === undefined ? loaded : certifiedBy(caFile.path, loaded, generation.certFile ?? generation.keyFile);
}

/** A key of its own that signs, with what registries know it by. */
export function signingKey({ name, algorithm }: KeyConfig, id: string, loaded: LoadedKey) {
  const ids = { libtrustKeyId: libtrustKeyId(loaded.publicKey), thumbprint: thumbprint(loaded.publicKey) };
  return { ...loaded, ...ids, id, name, algorithm, trusted: loaded.chain, end: certificateEnd(loaded) };
}

/** The generations that registries know and that do not sign. Only their certificates are read. */
async function publicKeys(config: KeyConfig, generations: readonly Generation[]): Promise<readonly PublicKey[]> {
  const published = generations.filter(({ state }) => state === 'announced' || state === 'previous');
  return Promise.all(published.map((generation) => publicKeyOf(config, generation)));
}

async function publicKeyOf({ algorithm }: KeyConfig, { id, certFile }: Generation): Promise<PublicKey> {
  const trusted = certFile === undefined ? [] : await readCertificates(certFile);
  const [certificate] = trusted;
  if (certificate === undefined) throw new Error(`the key ${id} has no certificate`);
  const { publicKey } = certificate;
  const ids = { libtrustKeyId: libtrustKeyId(publicKey), thumbprint: thumbprint(publicKey) };
  return { id, algorithm, publicKey, ...ids, trusted };
}

/** The JSON Web Key Set (RFC 7517): each key twice, under both ids, because registries look it up by either. */
export function jwks(keyset: readonly SigningKey[]): string {
  const keys = keyset
    .flatMap((key) => [key, ...(key.isCertified ? [] : key.others)])
    .flatMap(({ algorithm, publicKey, libtrustKeyId: libtrust, thumbprint: rfc7638 }) =>
      [libtrust, rfc7638].map((kid) => ({ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm, kid })),
    );
  return JSON.stringify({ keys });
}

/** The content of a registry's `rootcertbundle`: what it must trust of each key, first the key that signs. */
export function certificateBundle(keyset: readonly SigningKey[]): string {
  const certificates = keyset.flatMap((key) => [key, ...key.others]).flatMap(({ trusted }) => trusted);
  return [...new Set(certificates.map((certificate) => certificate.toString()))].join('');
}
