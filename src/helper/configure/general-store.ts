/** Whether docker asks this helper about a registry only because it asks it about all of them. */
import { readFile } from 'node:fs/promises';
import type { Host } from '../host.ts';
import { objectIn, parseObject } from '../protocol.ts';
import { clientFiles, HELPER_SUFFIX } from './client-files.ts';

/** True where a file of a client has the helper as its `credsStore`, and none has it in `credHelpers` for the registry. */
export async function isGeneralStore(host: Pick<Host, 'env' | 'platform'>, registry: string): Promise<boolean> {
  const files = await Promise.all(clientFiles(host).map(({ path }) => readSettings(path)));
  return (
    files.some((json) => json['credsStore'] === HELPER_SUFFIX) &&
    !files.some((json) => objectIn(json, 'credHelpers')[registry] === HELPER_SUFFIX)
  );
}

/** Empty where there is no such file, or it cannot be read: `doctor` reports that. */
async function readSettings(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return parseObject(await readFile(path, 'utf8'), path);
  } catch {
    return {};
  }
}
