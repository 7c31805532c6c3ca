/** All signing keys, and what registries need to verify their signatures. */
import type { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Log } from '../../core/ports.ts';
import type { KeyAlgorithm, KeyConfig } from './config.ts';
import { ensureKey, keyFilesOf } from './key-files.ts';
import { libtrustKeyId, thumbprint } from './key-ids.ts';
import { readKey } from './read-key.ts';
import type { LoadedKey } from './read-key.ts';

export interface SigningKey extends LoadedKey {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly libtrustKeyId: string;
  /** RFC 7638. */
  readonly thumbprint: string;
}

/** INVARIANT: at least one key; the first signs unless a service names another. */
export type Keyset = readonly [SigningKey, ...SigningKey[]];

/** Reads the keys, and makes those that are missing in `stateDir`. @throws Error that names the file. */
export async function loadKeys(configs: readonly KeyConfig[], stateDir: string, log: Log): Promise<Keyset> {
  const keys: SigningKey[] = [];
  for (const config of configs) {
    const made = await makeOrFind(config, stateDir);
    const key = await loadKey(config, stateDir);
    for (const warning of key.warnings) log.warn(warning, { key: key.name });
    const fields = { key: key.name, algorithm: key.algorithm, kid: key.libtrustKeyId };
    log.info(
      made === 'made' ? 'signing key made: fairlead registry-config prints what registries need' : 'signing key loaded',
      {
        ...fields,
        certificate: keyFilesOf(config, stateDir).certFile,
      },
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

/** Reads the keys without making any. @throws Error that names the file. */
export async function readKeys(configs: readonly KeyConfig[], stateDir: string): Promise<Keyset> {
  return atLeastOne(await Promise.all(configs.map((config) => loadKey(config, stateDir))));
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
    const { keyFile } = keyFilesOf(config, stateDir);
    const isMade = config.keyFile !== undefined || (await stat(keyFile).catch(() => undefined)) !== undefined;
    if (isMade) warnings.push(...(await loadKey(config, stateDir)).warnings);
  }
  return warnings;
}

async function loadKey(config: KeyConfig, stateDir: string): Promise<SigningKey> {
  const loaded = await readKey(keyFilesOf(config, stateDir), config.algorithm);
  return {
    ...loaded,
    name: config.name,
    algorithm: config.algorithm,
    libtrustKeyId: libtrustKeyId(loaded.publicKey),
    thumbprint: thumbprint(loaded.publicKey),
  };
}

/** The JSON Web Key Set (RFC 7517): each key twice, under both ids, because registries look it up by either. */
export function jwks(keyset: readonly SigningKey[]): string {
  const keys = keyset.flatMap(({ algorithm, publicKey, libtrustKeyId: libtrust, thumbprint: rfc7638 }) =>
    [libtrust, rfc7638].map((kid) => ({ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm, kid })),
  );
  return JSON.stringify({ keys });
}

/** The content of a registry's `rootcertbundle`: the certificate of each key with its chain. */
export function certificateBundle(keyset: readonly SigningKey[]): string {
  return keyset.flatMap(({ chain }) => chain.map((certificate: X509Certificate) => certificate.toString())).join('');
}
