/** Where logins are stored: the platform's own store for secrets, or else a private file. */
import { join } from 'node:path';
import { remark } from '../host.ts';
import type { Host } from '../host.ts';
import { describeError } from '../../core/errors.ts';
import { findProgram } from './find-program.ts';
import { createLoginFile } from './login-file.ts';
import type { StoredEntry, StoredLogin } from './login.ts';
import { exists, homeOf, stateFolder } from './state-folder.ts';

/** Logins by the name of the registry (see `registryName`). Its methods throw HelperError. */
export interface LoginStore {
  /** The file or the program, for messages. */
  readonly place: string;
  get(registry: string): Promise<StoredEntry | undefined>;
  put(registry: string, login: StoredLogin): Promise<void>;
  /** A login that is not there is removed already. */
  remove(registry: string): Promise<void>;
  /** The user names, by registry; undefined where the entry cannot be read. */
  list(): Promise<ReadonlyMap<string, string | undefined>>;
}

/** Chooses the store: `file`, or the name of a platform store such as `pass`. */
const STORE_VARIABLE = 'FAIRLEAD_CREDENTIAL_STORE';

/** The programs `docker-credential-NAME` of each platform, the preferred one first. */
const PLATFORM_STORES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['osxkeychain'],
  win32: ['wincred'],
  linux: ['secretservice', 'pass'],
  freebsd: ['secretservice', 'pass'],
};

/** All stores of this machine. A login is in one of them. */
export async function openLogins(host: Host): Promise<LoginStore> {
  const file = createLoginFile(stateFolder(host));
  const platform = await platformStores(host);
  return {
    place: platform[0]?.place ?? file.place,
    // The file comes first: it costs no process, and a login is in it only where no platform store took it.
    get: async (registry) => {
      const inFile = await file.get(registry);
      if (inFile !== undefined) return inFile;
      return first(platform, host, (store) => store.get(registry));
    },
    put: async (registry, login) => {
      const stored = await first(platform, host, async (store) => {
        await store.put(registry, login);
        return store;
      });
      // INVARIANT: a login is in one store only. The file is asked first, and would hide a newer one.
      if (stored === undefined) await file.put(registry, login);
      else await file.remove(registry);
    },
    remove: async (registry) => {
      await file.remove(registry);
      for (const store of platform) await store.remove(registry);
    },
    list: async () => {
      const lists = [await file.list()];
      for (const store of platform) {
        const listed = await attempt(host, () => store.list());
        if (listed !== undefined) lists.push(listed);
      }
      return new Map(lists.flatMap((list) => [...list]));
    },
  };
}

async function platformStores(host: Host): Promise<readonly LoginStore[]> {
  const programs = await Promise.all(
    (await storeNames(host)).map((name) => findProgram(`docker-credential-${name}`, host)),
  );
  const found = programs.filter((path) => path !== undefined);
  if (found.length === 0) return [];
  // Loaded only here: `get` has to start quickly.
  const { createPlatformStore } = await import('./platform-store.ts');
  return found.map((path) => createPlatformStore(path, host));
}

async function storeNames(host: Host): Promise<readonly string[]> {
  const chosen = host.env[STORE_VARIABLE];
  if (chosen !== undefined) return chosen === 'file' ? [] : [chosen];
  const names = PLATFORM_STORES[host.platform] ?? [];
  const usable = await Promise.all(names.map((name) => isSetUp(name, host)));
  return names.filter((_name, index) => usable[index]);
}

/** Packages install these programs for everybody. Without what they need, each look-up would fail with a message. */
async function isSetUp(name: string, { env }: Host): Promise<boolean> {
  if (name === 'secretservice') return env['DBUS_SESSION_BUS_ADDRESS'] !== undefined;
  if (name !== 'pass') return true;
  return exists(join(env['PASSWORD_STORE_DIR'] ?? join(homeOf({ env }), '.password-store'), '.gpg-id'));
}

/** The first result that is defined. A store that fails is reported, and the next one is asked. */
async function first<T>(
  stores: readonly LoginStore[],
  host: Host,
  ask: (store: LoginStore) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const store of stores) {
    const found = await attempt(host, () => ask(store));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function attempt<T>(host: Host, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    remark(host, `${host.program}: ${describeError(error)}`);
    return undefined;
  }
}
