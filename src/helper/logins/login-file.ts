/** Logins in a file that only its owner may read, where the platform has no store for secrets. */
import { join } from 'node:path';
import { HelperError } from '../host.ts';
import { parseObject } from '../protocol.ts';
import { withLock } from './lock.ts';
import { loginFromJson, loginToJson } from './login.ts';
import type { StoredLogin } from './login.ts';
import { makePrivateFolder, readPrivateFile, replaceFile } from './state-folder.ts';
import type { LoginStore } from './store.ts';

/** The logins, by the name of the registry. */
type Logins = ReadonlyMap<string, StoredLogin>;

/** @param folder see `stateFolder` */
export function createLoginFile(folder: string): LoginStore {
  const path = join(folder, 'logins.json');

  async function read(): Promise<Logins> {
    const text = await readPrivateFile(path);
    return text === undefined ? new Map() : parseLogins(text, path);
  }

  async function change(edit: (logins: Map<string, StoredLogin>) => boolean): Promise<void> {
    await makePrivateFolder(folder);
    await withLock(join(folder, 'logins.lock'), async () => {
      const logins = new Map(await read());
      if (edit(logins)) await replaceFile(path, formatLogins(logins));
    });
  }

  return {
    place: path,
    get: async (registry) => (await read()).get(registry),
    put: (registry, login) => change((logins) => logins.set(registry, login).size > 0),
    remove: async (registry) => {
      // Most registries have no login here: no folder is made, and no lock is taken.
      if ((await read()).has(registry)) await change((logins) => logins.delete(registry));
    },
    list: async () => new Map([...(await read())].map(([registry, { username }]) => [registry, username])),
  };
}

function parseLogins(text: string, path: string): Logins {
  const { logins } = parseObject(text, `the logins in ${path}`);
  if (typeof logins !== 'object' || logins === null) throw new HelperError(`${path} has no logins; remove it`);
  const entries = Object.entries(logins).flatMap(([registry, json]) => {
    const login = loginFromJson(json);
    return login === undefined ? [] : [[registry, login] as const];
  });
  return new Map(entries);
}

function formatLogins(logins: Logins): string {
  const entries = [...logins].map(([registry, login]) => [registry, loginToJson(login)] as const);
  return `${JSON.stringify({ logins: Object.fromEntries(entries) }, undefined, 2)}\n`;
}
