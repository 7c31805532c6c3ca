/** Opens the stored tokens for a command. */
import { access } from 'node:fs/promises';
import { codeOf } from '../../core/system-error.ts';
import { patient, storeFile } from '../../app/open-records.ts';
import type { RecordsConfig } from '../../app/open-records.ts';
import { openTokenStores } from '../../app/token-stores.ts';
import type { TokenStores } from '../../app/token-stores.ts';
import { systemClock } from '../../platform/clock.ts';
import { collectRemarks } from '../backend-remarks.ts';

/**
 * Does not create the file: a broker that never stored a token has none.
 *
 * @returns what `work` returns; `none` where there is no file
 */
export async function withTokenStores<T>(
  config: RecordsConfig,
  none: T,
  work: (stores: TokenStores) => Promise<T>,
): Promise<T> {
  if (config.records === undefined && !(await isThere(storeFile(config.stateDir)))) return none;
  const deps = { clock: systemClock, log: collectRemarks().log };
  await using stores = await openTokenStores(patient(config), deps);
  const found = await work(stores);
  return found;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
