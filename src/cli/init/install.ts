/** Writes the files of a new configuration: all of them, or none. */
import { rmSync } from 'node:fs';
import { link, lstat, mkdtemp, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../core/system-error.ts';
import { causeOf, shownPath } from '../../config/read-text.ts';
import { makeFolder } from '../../platform/make-folder.ts';
import { UsageError } from '../command.ts';

export interface NewFile {
  readonly name: string;
  readonly text: string;
  /** Whether only the owner may read it. */
  readonly isSecret: boolean;
}

interface InstallOptions {
  readonly overwrite: boolean;
  /** Runs before any file is in its place. @param folder has all the files. @throws Error when they cannot be used */
  readonly check: (folder: string) => Promise<void>;
}

/** @returns those of the files that are there already, as paths */
export async function existingFiles(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const paths = names.map((name) => join(folder, name));
  const found = await Promise.all(paths.map(isThere));
  return paths.filter((_path, index) => found[index]);
}

/**
 * Writes the files to a folder inside `folder` first, checks them there, and moves each to its place in one step.
 *
 * @returns the paths of the files
 * @throws UsageError when a file is there already and must not be overwritten, or cannot be written
 */
export async function installFiles(
  folder: string,
  files: readonly NewFile[],
  { overwrite, check }: InstallOptions,
): Promise<readonly string[]> {
  const made = await orUsageError(folder, () => makeFolder(folder));
  try {
    return await withDrafts(folder, files, async (drafts) => {
      await check(drafts);
      return moveAll(drafts, folder, files, overwrite);
    });
  } finally {
    // Fails, as it should, unless the folder is empty.
    if (made !== undefined) await rmdir(folder).catch(() => undefined);
  }
}

/**
 * Writes the files to a new folder, which is removed again at the end of the work.
 *
 * @param parent where the folder is made
 */
export async function withDrafts<T>(
  parent: string,
  files: readonly NewFile[],
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const drafts = await orUsageError(parent, () => mkdtemp(join(parent, '.fairlead-init-')));
  using cleanup = new DisposableStack();
  cleanup.use(removeOnSignal(drafts));
  try {
    for (const file of files) await orUsageError(parent, () => writeDraft(drafts, file));
    return await work(drafts);
  } finally {
    await rm(drafts, { recursive: true, force: true });
  }
}

function writeDraft(folder: string, { name, text, isSecret }: NewFile): Promise<void> {
  return writeFile(join(folder, name), text, { mode: isSecret ? 0o600 : 0o644, flag: 'wx' });
}

async function moveAll(
  drafts: string,
  folder: string,
  files: readonly NewFile[],
  overwrite: boolean,
): Promise<readonly string[]> {
  const moved: string[] = [];
  try {
    for (const { name } of files) {
      const path = join(folder, name);
      // A link is refused where a file is there, also one that was created in the meantime; a rename would replace it.
      await orUsageError(path, () => (overwrite ? rename : link)(join(drafts, name), path));
      moved.push(path);
    }
    return moved;
  } catch (error) {
    if (!overwrite) for (const path of moved) await rm(path, { force: true });
    throw error;
  }
}

async function orUsageError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw new UsageError(
        `${shownPath(path)} is there already; nothing was written: choose another --out, or --force`,
      );
    throw new UsageError(`${shownPath(path)} cannot be written (${causeOf(error)}); choose another --out`);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** Of Ctrl-C, of `kill`, and of a terminal that closes. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The folder has secrets: a signal must not leave it behind. */
function removeOnSignal(folder: string): Disposable {
  const remove = (signal: NodeJS.Signals): void => {
    rmSync(folder, { recursive: true, force: true });
    // Ends by the signal, as without this listener.
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.once(signal, remove);
  return {
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, remove);
    },
  };
}
