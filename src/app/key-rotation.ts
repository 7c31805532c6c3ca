/**
 * The steps by which a key is replaced by its next generation: announce, activate, retire. They change files only; a
 * running broker notices that.
 */
import { rm, stat } from 'node:fs/promises';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { GRACE_SECONDS } from '../core/token.ts';
import { exists } from '../platform/atomic-files.ts';
import { processUser } from '../platform/process-user.ts';
import type { KeyConfig } from '../platform/signing/config.ts';
import {
  changeGenerations,
  filesOf,
  isManaged,
  keyFolder,
  nextId,
  readGenerations,
  recordFile,
} from '../platform/signing/generations.ts';
import type { Generation, GenerationEntry, GenerationState } from '../platform/signing/generations.ts';
import { makeGeneration } from '../platform/signing/key-files.ts';
import { readGeneration, readKeys } from '../platform/signing/keyset.ts';
import { renewLeaf } from '../platform/signing/leaf-file.ts';
import { trustFilesWith } from '../platform/signing/trust-contents.ts';
import { trustPaths, writeTrustFiles } from '../platform/signing/trust-files.ts';

/** The step would make registries refuse tokens. The message says so, and what to do. */
export class RotationRefused extends Error {
  override readonly name = 'RotationRefused';
}

/** What cannot be done at all, such as for a key that is not in `stateDir`. */
export class RotationImpossible extends Error {
  override readonly name = 'RotationImpossible';
}

interface Rotation {
  readonly config: BrokerConfig;
  readonly key: KeyConfig;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Makes the next generation of a key, and publishes it. @returns its id */
export async function announceKey({ config, key, now }: Rotation): Promise<string> {
  await requireRotatable(key, config);
  const { stateDir } = config;
  // First the record: a new key without a record would look like a record that is lost.
  if (!(await exists(recordFile(key, stateDir)))) {
    await changeGenerations(key, stateDir, async (generations) => generations);
  }
  const generations = await changeGenerations(key, stateDir, async (earlier) => {
    const other = earlier.find(({ state }) => state === 'announced');
    if (other !== undefined) throw new RotationRefused(`${other.id} is announced already: activate or retire it first`);
    const id = await nextId(key, stateDir, earlier);
    if (!(await makeGeneration(key, id, stateDir))) throw new RotationImpossible(`${id} exists already; try again`);
    return [...earlier, { id, state: 'announced', since: now }];
  });
  await publish(config);
  return only(generations, 'announced').id;
}

interface Activation {
  readonly id: string;
  /** Seconds for which a generation must have been announced. */
  readonly minimumAge: number;
  /** Activates it although registries may not trust it. */
  readonly isForced: boolean;
}

/** Signs with an announced generation, or with a previous one again. @returns the generation that signed before */
export async function activateKey({ config, key, now }: Rotation, activation: Activation): Promise<Generation> {
  await requireRotatable(key, config);
  const { id, minimumAge, isForced } = activation;
  let before: Generation | undefined;
  await changeGenerations(key, config.stateDir, async (generations) => {
    before = only(generations, 'signing');
    const chosen = generationOf(generations, id);
    if (chosen.state === 'signing') throw new RotationRefused(`${id} signs already`);
    if (chosen.state === 'retired') throw new RotationRefused(`${id} is retired: registries do not trust it any more`);
    await readGeneration(key, chosen);
    if (!isForced && chosen.state === 'announced') await requireAnnounced(chosen, { config, key, now }, minimumAge);
    return generations.map((generation) => {
      if (generation.state === 'signing') return moved(generation, 'previous', now);
      return generation.id === id ? moved(generation, 'signing', now) : generation;
    });
  });
  await publish(config);
  if (before === undefined) throw new Error('no generation of the key signed');
  return before;
}

/** Registries that started since the announcement trust the key; those that started before it do not. */
async function requireAnnounced(
  { id, since = 0, certFile }: Generation,
  { config: { trustDir }, key, now }: Rotation,
  minimumAge: number,
): Promise<void> {
  if (now - since < minimumAge) {
    throw new RotationRefused(
      `${id} was announced at ${timeText(since)}: restart each registry, check it with fairlead doctor, and activate after ${timeText(since + minimumAge)}, or use --force`,
    );
  }
  if (trustDir === undefined || certFile === undefined) return;
  const { bundle } = trustPaths(trustDir);
  if ((await trustFilesWith(certFile, key.name, trustDir)).includes('certificates.pem')) return;
  throw new RotationRefused(
    `${bundle} does not have ${id}: no registry can trust it; start the broker, or use --force`,
  );
}

interface Retirement {
  readonly id: string;
  /** Retires it although tokens that it signed may still be valid. */
  readonly isForced: boolean;
  /** Removes its key and certificate from the disk. */
  readonly deletesFiles: boolean;
}

/** Stops publishing a generation. @returns the files that are left of it */
export async function retireKey({ config, key, now }: Rotation, retirement: Retirement): Promise<readonly string[]> {
  await requireRotatable(key, config);
  const { id, isForced, deletesFiles } = retirement;
  const lastsFor = longestToken(config);
  await changeGenerations(key, config.stateDir, async (generations) => {
    const { state, since = 0 } = generationOf(generations, id);
    if (state === 'signing') throw new RotationRefused(`${id} signs: activate another generation first`);
    if (state === 'previous' && now - since < lastsFor && !isForced) {
      throw new RotationRefused(
        `${id} signed tokens that are valid until ${timeText(since + lastsFor)}: retire it after that, or use --force`,
      );
    }
    return generations.map((generation) =>
      generation.id === id && state !== 'retired' ? moved(generation, 'retired', now) : generation,
    );
  });
  await publish(config);
  const files = Object.values(filesOf(id, config.stateDir));
  if (deletesFiles) for (const file of files) await rm(file, { force: true });
  const left = await Promise.all(files.map(exists));
  return files.filter((_file, index) => left[index]);
}

/** Replaces the key that the authority of `key` certifies. */
export async function renewKey({ config, key }: Rotation): Promise<void> {
  const { authority } = key;
  if (authority === undefined) {
    throw new RotationImpossible(`the key ${key.name} has no authority: announce its next generation instead`);
  }
  await requireOwner(config);
  const generations = await readGenerations(key, config.stateDir);
  const loaded = await readGeneration(key, only(generations, 'signing'));
  await renewLeaf({ ...key, authority }, loaded, config.stateDir);
}

/** Seconds for which a token may be valid after it was signed, with the leeway of 60 s that registries give. */
function longestToken({ services }: BrokerConfig): number {
  const lifetimes = Object.values(services).map(({ lifetime: { pull, push } }) => Math.max(pull, push));
  return Math.max(...lifetimes) + GRACE_SECONDS + 60;
}

async function requireRotatable(key: KeyConfig, config: BrokerConfig): Promise<void> {
  if (!isManaged(key)) {
    throw new RotationImpossible(
      `the files of the key ${key.name} are in keyFile and certFile: replace them, as config/keys.md describes`,
    );
  }
  await requireOwner(config);
}

/** Files of another user would be unreadable for the broker, or refused. */
async function requireOwner({ stateDir }: BrokerConfig): Promise<void> {
  const folder = await stat(keyFolder(stateDir)).catch(() => undefined);
  if (folder === undefined) throw new RotationImpossible(`there are no keys in ${stateDir}: start the broker first`);
  const user = processUser();
  if (user === undefined || folder.uid === user.uid) return;
  throw new RotationImpossible(
    `the keys belong to user ${folder.uid}: run this as the user of the broker, such as with sudo -u '#${folder.uid}'`,
  );
}

/** A running broker does the same when it has noticed the change. */
async function publish({ keys, stateDir, trustDir }: BrokerConfig): Promise<void> {
  if (trustDir === undefined) return;
  try {
    await writeTrustFiles(await readKeys(keys, stateDir), trustDir);
  } catch (error) {
    throw new Error('the step is done, but trustDir is not written: see the log of the broker, or start it', {
      cause: error,
    });
  }
}

function only(generations: readonly Generation[], state: GenerationState): Generation {
  const [generation] = generations.filter((candidate) => candidate.state === state);
  if (generation === undefined) throw new RotationImpossible(`no generation is ${state}`);
  return generation;
}

function generationOf(generations: readonly Generation[], id: string): Generation {
  const generation = generations.find((candidate) => candidate.id === id);
  if (generation !== undefined) return generation;
  const ids = generations.map((candidate) => candidate.id).join(', ');
  throw new RotationImpossible(`there is no generation ${id}; expected one of ${ids}`);
}

function moved({ id }: Generation, state: GenerationState, now: number): GenerationEntry {
  return { id, state, since: now };
}

export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d{3}/, '');
}
