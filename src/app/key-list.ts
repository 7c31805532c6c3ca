/** All signing keys with their generations, for `fairlead keys list`. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { exists } from '../platform/atomic-files.ts';
import type { KeyConfig } from '../platform/signing/config.ts';
import { readGenerations } from '../platform/signing/generations.ts';
import type { Generation, GenerationState } from '../platform/signing/generations.ts';
import { libtrustKeyId } from '../platform/signing/key-ids.ts';
import { leafFile } from '../platform/signing/leaf-file.ts';
import { readCertificates, readKey } from '../platform/signing/read-key.ts';
import { trustFilesWith } from '../platform/signing/trust-contents.ts';
import { timeText } from './key-rotation.ts';

export interface ListedKey {
  readonly id: string;
  readonly algorithm: KeyConfig['algorithm'];
  /** `issuing`: an authority that certifies the keys that sign. `published`: no service uses it. */
  readonly state: GenerationState | 'issuing' | 'published';
  /** When it entered this state; null: it was never rotated. */
  readonly since: string | null;
  /** Null: it has no certificate, or its files are not there. */
  readonly certificateEnds: string | null;
  /** The libtrust key id. Null: its files are not there. */
  readonly keyId: string | null;
  /** The files in `trustDir` that contain it. */
  readonly trustFiles: readonly string[];
}

/** @throws Error that names a file that cannot be used */
export async function listKeys(config: BrokerConfig): Promise<readonly ListedKey[]> {
  const rows = await Promise.all(config.keys.map((key) => rowsOf(key, config)));
  return rows.flat();
}

async function rowsOf(key: KeyConfig, config: BrokerConfig): Promise<readonly ListedKey[]> {
  const generations = await readGenerations(key, config.stateDir);
  const rows = await Promise.all(generations.map((generation) => rowOf(key, generation, config)));
  if (key.caFile !== undefined) return [...(await caFileRow(key, key.caFile.path, config)), ...rows];
  return key.authority === undefined ? rows : [...rows, ...(await leafRow(key, config))];
}

/** An authority whose private key is elsewhere. */
async function caFileRow(key: KeyConfig, caFile: string, config: BrokerConfig): Promise<readonly ListedKey[]> {
  const facts = await factsOf(key, { keyFile: caFile, certFile: caFile }, config);
  return [{ id: `${key.name}@ca`, algorithm: key.algorithm, state: 'issuing', since: null, ...facts }];
}

async function rowOf(key: KeyConfig, generation: Generation, config: BrokerConfig): Promise<ListedKey> {
  const { id, since } = generation;
  return {
    id,
    algorithm: key.algorithm,
    state: stateOf(key, generation, config),
    since: since === undefined ? null : timeText(since),
    ...(await factsOf(key, generation, config)),
  };
}

function stateOf(key: KeyConfig, { state }: Generation, { keys, services }: BrokerConfig): ListedKey['state'] {
  if (state !== 'signing') return state;
  const isUsed = Object.values(services).some(({ signingKey }) => (signingKey ?? keys[0]?.name) === key.name);
  if (!isUsed) return 'published';
  return key.authority === undefined ? 'signing' : 'issuing';
}

async function leafRow(key: KeyConfig, config: BrokerConfig): Promise<readonly ListedKey[]> {
  const file = leafFile(key, config.stateDir);
  if (!(await exists(file))) return [];
  const facts = await factsOf(key, { keyFile: file, certFile: file }, config);
  return [{ id: `${key.name}@leaf`, algorithm: key.algorithm, state: 'signing', since: null, ...facts }];
}

async function factsOf(
  { name, algorithm }: KeyConfig,
  { keyFile, certFile }: Pick<Generation, 'keyFile' | 'certFile'>,
  { trustDir }: BrokerConfig,
): Promise<Pick<ListedKey, 'certificateEnds' | 'keyId' | 'trustFiles'>> {
  if (certFile === undefined) {
    const { publicKey } = await readKey({ keyFile, certFile }, algorithm);
    return { certificateEnds: null, keyId: libtrustKeyId(publicKey), trustFiles: [] };
  }
  if (!(await exists(certFile))) return { certificateEnds: null, keyId: null, trustFiles: [] };
  const [certificate] = await readCertificates(certFile);
  return {
    certificateEnds: certificate === undefined ? null : timeText(certificate.validToDate.getTime() / 1000),
    keyId: certificate === undefined ? null : libtrustKeyId(certificate.publicKey),
    trustFiles: trustDir === undefined ? [] : await trustFilesWith(certFile, name, trustDir),
  };
}
