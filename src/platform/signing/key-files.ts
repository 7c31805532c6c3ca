/** Keys on disk: made on the first start, read on every other, never overwritten. */
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { exists, linkFirst, writeDraft } from '../atomic-files.ts';
import { makeFolder } from '../make-folder.ts';
import type { KeyConfig } from './config.ts';
import { filesOf, firstId, isManaged, keyFolder, readGenerations, recordFile } from './generations.ts';
import type { MadeKey } from './keygen.ts';
import { leafFile } from './leaf-file.ts';

/** How long the certificate of a key may be missing: far longer than it takes to link a file. */
const WAIT_MS = 2000;

/**
 * Makes the first generation of a key and its certificate in `stateDir` unless they exist. Two brokers that start at the
 * same time agree: the first to link its file into place wins, and the other uses that file.
 *
 * @param waitMs how long to wait for the certificate of a key that another broker has just made
 * @throws Error that names the file when it cannot be made, or a key has lost its certificate
 */
export async function ensureKey(config: KeyConfig, stateDir: string, waitMs = WAIT_MS): Promise<'made' | 'found'> {
  if (!isManaged(config) || (await exists(recordFile(config, stateDir)))) return 'found';
  const { keyFile, certFile } = filesOf(firstId(config), stateDir);
  if (await exists(certFile)) return 'found';
  await makeFolder(keyFolder(stateDir), 0o700);
  if (await exists(keyFile)) return await waitForCertificate(keyFile, certFile, waitMs);
  if (await makeGeneration(config, firstId(config), stateDir)) return 'made';
  return await waitForCertificate(keyFile, certFile, waitMs);
}

/** @returns false when another process was first */
export async function makeGeneration(config: KeyConfig, id: string, stateDir: string): Promise<boolean> {
  const { keyFile, certFile } = filesOf(id, stateDir);
  const made = await makePair(config);
  // The process that links the key links the certificate too, so that the two always belong together.
  const drafts = [await writeDraft(keyFile, made.key, 0o600), await writeDraft(certFile, made.certificate, 0o644)];
  try {
    const [key = '', certificate = ''] = drafts;
    if (!(await linkFirst(key, keyFile))) return false;
    await linkFirst(certificate, certFile);
    return true;
  } finally {
    for (const draft of drafts) await rm(draft, { force: true });
  }
}

/** Only few starts need these modules, which take long to load. */
async function makePair({ algorithm, name, authority }: KeyConfig): Promise<MadeKey> {
  if (authority === undefined) return (await import('./keygen.ts')).makeKey(algorithm, name);
  return (await import('./authority.ts')).makeAuthority(algorithm, name);
}

/** Another broker that starts now has linked its key and is about to link the certificate. */
async function waitForCertificate(keyFile: string, certFile: string, waitMs: number): Promise<'found'> {
  const deadline = performance.now() + waitMs;
  while (performance.now() < deadline) {
    if (await exists(certFile)) return 'found';
    await delay(20);
  }
  throw new Error(
    `${keyFile} exists without its certificate ${certFile}: restore the certificate, or remove the key to make both again`,
  );
}

/** The files of a key, without what is retired. Key and certificate are among them although they do not exist yet. */
export async function keyFiles(config: KeyConfig, stateDir: string): Promise<readonly string[]> {
  const generations = (await readGenerations(config, stateDir)).filter(({ state }) => state !== 'retired');
  const optional = [recordFile(config, stateDir), leafFile(config, stateDir)];
  const found = await Promise.all(optional.map(exists));
  return [
    ...generations.flatMap(({ keyFile, certFile }) => (certFile === undefined ? [keyFile] : [keyFile, certFile])),
    ...(config.caFile === undefined ? [] : [config.caFile.path]),
    ...optional.filter((_path, index) => found[index]),
  ];
}

/** The files whose change means that a key must be read again. */
export function watchedFiles(config: KeyConfig, stateDir: string): readonly string[] {
  const { keyFile, certFile } = config.authority ?? config;
  const first = filesOf(firstId(config), stateDir);
  return [
    keyFile?.path ?? first.keyFile,
    ...(keyFile === undefined ? [first.certFile, recordFile(config, stateDir)] : []),
    ...(certFile === undefined ? [] : [certFile.path]),
    ...(config.caFile === undefined ? [] : [config.caFile.path]),
    ...(config.authority === undefined ? [] : [leafFile(config, stateDir)]),
  ];
}
