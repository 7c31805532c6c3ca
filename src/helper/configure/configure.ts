/** `configure`: makes docker and podman use this helper for a registry, by one key in each of their files. */
import { constants } from 'node:fs';
import { copyFile, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../../core/system-error.ts';
import { HelperError, remark } from '../host.ts';
import type { Host } from '../host.ts';
import type { HelperCall } from '../commands.ts';
import { replaceFile } from '../logins/state-folder.ts';
import { requireRegistry } from '../registry-name.ts';
import { clientFiles, HELPER_SUFFIX } from './client-files.ts';
import type { ClientFile } from './client-files.ts';
import { setMember } from './json-member.ts';

const PRIVATE = 0o600;

/** @returns the exit code */
export async function configure(host: Host, call: HelperCall): Promise<number> {
  await configureClients(host, requireRegistry(call.arguments[0]));
  return 0;
}

/** @throws HelperError when a file cannot be read or written; it is left as it is */
export async function configureClients(host: Host, registry: string): Promise<void> {
  for (const file of clientFiles(host)) {
    const isChanged = await configureClient(file, registry);
    remark(
      host,
      `${file.path} ${isChanged ? 'now names' : 'already names'} this helper for ${registry}: ${file.clients}.`,
    );
  }
}

/** @returns whether the file had to be changed */
async function configureClient({ path }: ClientFile, registry: string): Promise<boolean> {
  const target = await realFile(path);
  const before = await readText(target);
  // Docker makes an empty file where it cannot write.
  const text = before === undefined || before.trim() === '' ? '{}\n' : before;
  requireObject(text, path);
  let after: string;
  try {
    after = setMember(text, ['credHelpers', registry], HELPER_SUFFIX);
  } catch (error) {
    throw new HelperError(`${path}: ${error instanceof Error ? error.message : 'unreadable'}; correct the file first`, {
      cause: error,
    });
  }
  if (after === before) return false;
  requireObject(after, path);
  if (before !== undefined) await backUp(target);
  await replace(target, after);
  return true;
}

/** The copy of the file as it was before this program changed it for the first time. */
export function backupOf(path: string): string {
  return `${path}.before-fairlead`;
}

async function backUp(path: string): Promise<void> {
  try {
    await copyFile(path, backupOf(path), constants.COPYFILE_EXCL);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** The file behind symbolic links: dotfiles are often links into a repository, and must stay so. */
async function realFile(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return path;
    throw error;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function requireObject(text: string, path: string): void {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new HelperError(`${path} is not valid JSON; correct it first: no client can read it`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new HelperError(`${path} is not a JSON object; correct it first`);
}

/** In one step, with the permissions that the file has: other users may have been given access. */
async function replace(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => PRIVATE,
  );
  await replaceFile(path, text, mode);
}
