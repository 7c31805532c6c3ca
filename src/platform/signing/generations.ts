/**
 * The generations of a key in `stateDir`: a key is rotated by making its next generation, which registries learn before
 * it signs. The record of the generations is one file that is replaced in one step. A key that was never rotated has no
 * record, and one generation.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../core/system-error.ts';
import { exists } from '../atomic-files.ts';
import type { KeyConfig } from './config.ts';
import type { KeyFiles } from './read-key.ts';

const STATES = ['announced', 'signing', 'previous', 'retired'] as const;
/**
 * - `announced`: registries can learn to trust it; it does not sign yet.
 * - `signing`: signs the tokens, or the certificates of the keys that do.
 * - `previous`: signed tokens that may still be valid.
 * - `retired`: not published any more. Its files stay until somebody removes them.
 */
export type GenerationState = (typeof STATES)[number];

export interface Generation extends KeyFiles {
  /** `default` for the first generation, `default@2` for the second. Names of keys have no `@`. */
  readonly id: string;
  readonly state: GenerationState;
  /** Seconds since 1970 when it entered this state; undefined: it was never rotated. */
  readonly since: number | undefined;
}

/** A generation as the record has it. */
export type GenerationEntry = Pick<Generation, 'id' | 'state' | 'since'>;

const MAX_BYTES = 64 * 1024;

/** Whether its files are in `stateDir`, so that the broker makes them and `fairlead keys` rotates it. */
export function isManaged({ keyFile, authority }: KeyConfig): boolean {
  return keyFile === undefined && authority?.keyFile === undefined;
}

/** The id of the first generation. An authority has another, so that a key can be changed into one and back. */
export function firstId({ name, authority }: KeyConfig): string {
  return authority === undefined ? name : `${name}@ca`;
}

export function recordFile(config: KeyConfig, stateDir: string): string {
  return join(keyFolder(stateDir), `${firstId(config)}.json`);
}

export function keyFolder(stateDir: string): string {
  return join(stateDir, 'keys');
}

/** @throws Error that names the record when it cannot be used */
export async function readGenerations(config: KeyConfig, stateDir: string): Promise<readonly Generation[]> {
  const configured = config.authority ?? config;
  if (configured.keyFile !== undefined) {
    const files = { keyFile: configured.keyFile.path, certFile: configured.certFile?.path };
    return [{ id: firstId(config), state: 'signing', since: undefined, ...files }];
  }
  const entries = (await readRecord(config, stateDir)) ?? (await neverRotated(config, stateDir));
  return entries.map((entry) => ({ ...entry, ...filesOf(entry.id, stateDir) }));
}

/** @throws Error when the record is lost: the first generation may be retired, and registries would refuse its tokens */
async function neverRotated(config: KeyConfig, stateDir: string): Promise<readonly GenerationEntry[]> {
  const id = firstId(config);
  const next = filesOf(`${id}@2`, stateDir).keyFile;
  if (!(await exists(next))) return [{ id, state: 'signing', since: undefined }];
  const record = recordFile(config, stateDir);
  throw new Error(`${record} is missing, but ${next} exists: restore the record from a backup`);
}

/** The generation that signs. */
export function signingGeneration(generations: readonly Generation[]): Generation {
  const signing = generations.find(({ state }) => state === 'signing');
  // INVARIANT: a record names exactly one generation that signs; `parseRecord` refuses others.
  if (signing === undefined) throw new Error('no generation of the key signs');
  return signing;
}

export function filesOf(id: string, stateDir: string): { readonly keyFile: string; readonly certFile: string } {
  const folder = keyFolder(stateDir);
  return { keyFile: join(folder, `${id}.pem`), certFile: join(folder, `${id}.crt`) };
}

/**
 * Replaces the record. Only one process at a time changes it: the draft of the record is the lock.
 *
 * @param change gets the generations and returns the new entries
 * @throws Error when another command changes the record, or what `change` throws; the record stays as it was
 */
export async function changeGenerations(
  config: KeyConfig,
  stateDir: string,
  change: (generations: readonly Generation[]) => Promise<readonly GenerationEntry[]>,
): Promise<readonly Generation[]> {
  const record = recordFile(config, stateDir);
  const draft = `${record}.draft`;
  const lock = await open(draft, 'wx', 0o600).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new Error(`another command is changing the key ${config.name}; if none is running, remove ${draft}`);
  });
  try {
    const entries = await change(await readGenerations(config, stateDir));
    await lock.writeFile(recordText(entries));
    await lock.sync();
    await rename(draft, record);
  } catch (error) {
    // Only now: after the rename, the name belongs to the next command.
    await rm(draft, { force: true });
    throw error;
  } finally {
    await lock.close();
  }
  return await readGenerations(config, stateDir);
}

/** The id of the next generation: greater than every earlier one, and without files, so that no key is overwritten. */
export async function nextId(
  config: KeyConfig,
  stateDir: string,
  generations: readonly GenerationEntry[],
): Promise<string> {
  const numbers = generations.map(({ id }) => Number(/@(\d+)$/.exec(id)?.[1] ?? 1));
  for (let number = Math.max(...numbers) + 1; ; number += 1) {
    const id = `${firstId(config)}@${number}`;
    if (!(await exists(filesOf(id, stateDir).keyFile))) return id;
  }
}

function recordText(entries: readonly GenerationEntry[]): string {
  const generations = entries.map(({ id, state, since }) => ({
    id,
    state,
    ...(since === undefined ? {} : { since: new Date(since * 1000).toISOString() }),
  }));
  return `${JSON.stringify({ generations }, undefined, 2)}\n`;
}

async function readRecord(config: KeyConfig, stateDir: string): Promise<readonly GenerationEntry[] | undefined> {
  const path = recordFile(config, stateDir);
  if (!(await exists(path))) return undefined;
  const text = await readFile(path, 'utf8');
  try {
    return parseRecord(text, firstId(config));
  } catch (error) {
    const cause = error instanceof Error ? error.message : 'it cannot be parsed';
    throw new Error(`${path} is not a record of generations: ${cause}; restore it from a backup`, { cause: error });
  }
}

/** @throws Error that says what is wrong with the text */
function parseRecord(text: string, first: string): readonly GenerationEntry[] {
  if (text.length > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
  const generations = memberOf(JSON.parse(text), 'generations');
  if (!Array.isArray(generations)) throw new Error('it has no list of generations');
  const entries = generations.map((entry) => parseEntry(entry, first));
  const signing = entries.filter(({ state }) => state === 'signing');
  if (signing.length !== 1) throw new Error(`${signing.length} generations sign, expected one`);
  if (new Set(entries.map(({ id }) => id)).size !== entries.length) throw new Error('it names a generation twice');
  return entries;
}

function parseEntry(entry: unknown, first: string): GenerationEntry {
  const id = memberOf(entry, 'id');
  const state = memberOf(entry, 'state');
  // The id becomes a file name, so that only those that `nextId` makes are accepted.
  const isNext = typeof id === 'string' && id.startsWith(`${first}@`) && /^\d{1,6}$/.test(id.slice(first.length + 1));
  if (id !== first && !isNext) throw new Error(`${JSON.stringify(id)} is not an id of this key`);
  const known = STATES.find((name) => name === state);
  if (known === undefined) throw new Error(`${id} has the state ${JSON.stringify(state)}`);
  return { id, state: known, since: parseTime(memberOf(entry, 'since'), id) };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function parseTime(since: unknown, id: string): number | undefined {
  if (since === undefined) return undefined;
  const time = typeof since === 'string' ? Date.parse(since) : Number.NaN;
  if (Number.isNaN(time)) throw new Error(`${id} has the time ${JSON.stringify(since)}`);
  return Math.floor(time / 1000);
}
