/**
 * The sign-in server of each registry, as it was at the first login. A registry that is taken over later cannot send its
 * users to another server.
 */
import { join } from 'node:path';
import { HelperError, remark } from '../host.ts';
import type { Host } from '../host.ts';
import { withLock } from '../logins/lock.ts';
import { makePrivateFolder, readPrivateFile, replaceFile, stateFolder } from '../logins/state-folder.ts';
import { parseObject } from '../protocol.ts';

/** @returns the issuer that the registry named first */
export async function pinnedServer(host: Host, registry: string): Promise<string | undefined> {
  const pins = await readPins(join(stateFolder(host), FILE));
  return pins.get(registry);
}

const FILE = 'servers.json';

/**
 * @param isAccepted whether the user accepts another server than before
 * @throws HelperError when the registry named another server before
 */
export async function pinServer(host: Host, registry: string, issuer: string, isAccepted: boolean): Promise<void> {
  const pinned = await pinnedServer(host, registry);
  if (pinned === issuer) return;
  if (pinned !== undefined && !isAccepted) {
    throw new HelperError(
      `${registry} named ${pinned} as its sign-in server before, and names ${issuer} now; ` +
        'if its operator says that this is right, add --accept-server',
    );
  }
  remark(host, `${registry} names ${issuer} as its sign-in server.`);
  const folder = stateFolder(host);
  await makePrivateFolder(folder);
  await withLock(join(folder, 'servers.lock'), async () => {
    const path = join(folder, FILE);
    const pins = new Map(await readPins(path)).set(registry, issuer);
    await replaceFile(path, `${JSON.stringify(Object.fromEntries(pins), undefined, 2)}\n`);
  });
}

async function readPins(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readPrivateFile(path);
  if (text === undefined) return new Map();
  const entries = Object.entries(parseObject(text, `the sign-in servers in ${path}`, 'remove the file'));
  return new Map(entries.flatMap(([registry, issuer]) => (typeof issuer === 'string' ? [[registry, issuer]] : [])));
}
