/** Logins in a file that only its owner may read, where the platform has no store for secrets. */
import { join } from 'node:path';
import { HelperError } from '../host.ts';
import { parseObject } from '../protocol.ts';
import { withLock } from './lock.ts';
import { loginFromJson, loginToJson } from './login.ts';
import { makePrivateFolder, readPrivateFile, replaceFile } from './state-folder.ts';
import type { LoginStore } from './store.ts';

/**
 * The file as JSON. A change replaces the entry of one registry, and keeps everything else as it is: also what this
 * version cannot read.
 */
interface LoginDocument {
  /** By the name of the registry. */
  readonly logins: ReadonlyMap<string, unknown>;
  /** The other members of the document. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** @param folder see `stateFolder` */
export function createLoginFile(folder: string): LoginStore {
  const path = join(folder, 'logins.json');

  async function read(): Promise<LoginDocument> {
    const text = await readPrivateFile(path);
    return text === undefined ? { logins: new Map(), rest: {} } : parseDocument(text, path);
  }

  async function change(edit: (logins: Map<string, unknown>) => boolean): Promise<void> {
    await makePrivateFolder(folder);
    await withLock(join(folder, 'logins.lock'), async () => {
      const { logins: before, rest } = await read();
      const logins = new Map(before);
      if (edit(logins)) await replaceFile(path, formatDocument({ logins, rest }));
    });
  }

  return {
    place: path,
    get: async (registry) => {
      const { logins } = await read();
      return logins.has(registry) ? loginFromJson(logins.get(registry)) : undefined;
    },
    put: (registry, login) => change((logins) => logins.set(registry, loginToJson(login)).size > 0),
    remove: async (registry) => {
      // Most registries have no login here: no folder is made, and no lock is taken.
      if ((await read()).logins.has(registry)) await change((logins) => logins.delete(registry));
    },
    list: async () => new Map([...(await read()).logins].map(([registry, json]) => [registry, userOf(json)])),
  };
}

function userOf(json: unknown): string | undefined {
  const entry = loginFromJson(json);
  return entry === 'unreadable' ? undefined : entry.username;
}

function parseDocument(text: string, path: string): LoginDocument {
  const { logins, ...rest } = parseObject(text, `the logins in ${path}`, 'remove the file and log in again');
  if (typeof logins !== 'object' || logins === null || Array.isArray(logins))
    throw new HelperError(`${path} has no logins; remove the file and log in again`);
  return { logins: new Map(Object.entries(logins)), rest };
}

function formatDocument({ logins, rest }: LoginDocument): string {
  return `${JSON.stringify({ ...rest, logins: Object.fromEntries(logins) }, undefined, 2)}\n`;
}
