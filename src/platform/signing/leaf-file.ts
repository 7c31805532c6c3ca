/**
 * The short-lived key that an authority certifies, in one file with its certificate. Brokers that share `stateDir` use
 * the same file. It may be replaced at any time: registries trust every key of the authority.
 */
import { join } from 'node:path';
import { exists, replaceFile } from '../atomic-files.ts';
import type { AuthorityConfig, KeyConfig } from './config.ts';
import { keyFolder } from './generations.ts';
import { makeFolder } from '../make-folder.ts';
import { readKey } from './read-key.ts';
import type { LoadedKey } from './read-key.ts';

/** The configuration of a key with an authority. */
export type CertifiedKeyConfig = KeyConfig & { readonly authority: AuthorityConfig };

export function leafFile({ name }: KeyConfig, stateDir: string): string {
  return join(keyFolder(stateDir), `${name}@leaf.pem`);
}

/**
 * Reads the key, and makes one when there is none that can be used for at least half of its lifetime.
 *
 * @returns the key, and why it is an old one although a new one is due
 * @throws Error when there is none that can be used, and none can be made
 */
export async function ensureLeaf(
  config: CertifiedKeyConfig,
  authority: LoadedKey,
  stateDir: string,
): Promise<{ readonly leaf: LoadedKey; readonly failure?: unknown }> {
  const found = await usableLeaf(config, authority, stateDir);
  if (found !== undefined && renewalTime(found, authority, config) > Date.now() / 1000) return { leaf: found };
  try {
    await renewLeaf(config, authority, stateDir);
    return { leaf: await readLeaf(config, stateDir) };
  } catch (failure) {
    if (found === undefined) throw failure;
    return { leaf: found, failure };
  }
}

/** Replaces the key at once. @throws Error when the file cannot be written */
export async function renewLeaf(config: CertifiedKeyConfig, authority: LoadedKey, stateDir: string): Promise<void> {
  const { algorithm, name } = config;
  const { issueLeaf } = await import('./authority.ts');
  const { key, certificate } = await issueLeaf(authority, { algorithm, name, lifetime: config.authority.leafLifetime });
  await makeFolder(keyFolder(stateDir), 0o700);
  await replaceFile(leafFile(config, stateDir), key + certificate, 0o600);
}

/** @throws Error when the file is missing or cannot be used */
export function readLeaf(config: KeyConfig, stateDir: string): Promise<LoadedKey> {
  const file = leafFile(config, stateDir);
  // Without a warning before it expires: it is renewed long before.
  return readKey({ keyFile: file, certFile: file }, config.algorithm, 0);
}

/** Seconds since 1970 at which a new key is due. */
export function renewalTime(
  leaf: LoadedKey,
  authority: LoadedKey,
  { authority: { leafLifetime } }: CertifiedKeyConfig,
) {
  const end = certificateEnd(leaf);
  // A new certificate would not live longer than the authority.
  if (end >= certificateEnd(authority)) return Infinity;
  // The configured lifetime is shorter than when the certificate was made.
  if (end - leafLifetime > Date.now() / 1000 + CLOCK_SLACK) return 0;
  return end - leafLifetime / 2;
}

const CLOCK_SLACK = 300;

/** Seconds since 1970 at which the first of its certificates expires; Infinity without certificates. */
export function certificateEnd({ chain }: Pick<LoadedKey, 'chain'>): number {
  return Math.min(...chain.map(({ validToDate }) => Math.floor(validToDate.getTime() / 1000)));
}

/** Undefined: missing, damaged, expired, or certified by another authority. Such a file is replaced. */
async function usableLeaf(config: KeyConfig, authority: LoadedKey, stateDir: string): Promise<LoadedKey | undefined> {
  if (!(await exists(leafFile(config, stateDir)))) return undefined;
  try {
    const leaf = await readLeaf(config, stateDir);
    const [certificate] = leaf.chain;
    if (certificate?.verify(authority.publicKey) !== true) return undefined;
    const [issuer] = authority.chain;
    // An authority that was renewed with the same key may have another name, and registries compare names.
    return issuer === undefined || certificate.checkIssued(issuer) ? leaf : undefined;
  } catch {
    return undefined;
  }
}
