/**
 * The verbs that clients call. A client hides what a helper writes to standard output when it fails, and goes on without
 * credentials; all of them show standard error. So `get` and `list` explain a failure there, and answer as if nothing were
 * stored: public images can still be pulled.
 */
import { describeError } from '../core/errors.ts';
import { isGeneralStore } from './configure/general-store.ts';
import { printable, readInput, remark } from './host.ts';
import type { Host } from './host.ts';
import { hasEnded } from './logins/login.ts';
import type { StoredEntry, StoredLogin } from './logins/login.ts';
import { openLogins } from './logins/store.ts';
import { IDENTITY_TOKEN, NO_SERVER, NO_USERNAME, NOT_FOUND, parseCredentials } from './protocol.ts';
import { registryName } from './registry-name.ts';

interface VerbOptions {
  /** Whether `store` takes passwords as well as tokens. */
  readonly allowPasswords?: boolean;
}

/** The same as the option, for clients: they start the helper without options. */
const ALLOW_PASSWORDS = 'FAIRLEAD_ALLOW_PASSWORDS';

/** INVARIANT: it never asks, never opens a browser and never uses the network: clients call it once for each image. */
export async function get(host: Host): Promise<number> {
  const server = (await readInput(host)).trim();
  if (server === '') return fail(host, NO_SERVER);
  const registry = registryName(server);
  if (registry === undefined) return fail(host, NOT_FOUND);
  const { entry, isExplained } = await find(host, registry);
  if (typeof entry === 'object' && !hasEnded(entry, host.now())) {
    const answer = { ServerURL: server, Username: entry.username, Secret: entry.secret.reveal() };
    host.stdout(`${JSON.stringify(answer)}\n`);
    return 0;
  }
  // docker asks a general store about every registry, also about those that know nothing of this program.
  if (!isExplained && (entry !== undefined || !(await isGeneralStore(host, registry))))
    remark(host, `${host.program}: ${problemOf(entry, registry)}; run: ${host.program} login ${registry}`);
  return fail(host, NOT_FOUND);
}

function problemOf(entry: StoredEntry | undefined, registry: string): string {
  if (entry === undefined) return `there is no login at ${registry}`;
  return entry === 'unreadable' ? `the login at ${registry} cannot be read` : `the login at ${registry} has ended`;
}

interface FoundEntry {
  readonly entry?: StoredEntry | undefined;
  /** Whether standard error has the reason why there is none. */
  readonly isExplained: boolean;
}

async function find(host: Host, registry: string): Promise<FoundEntry> {
  let isExplained = false;
  const listening: Host = {
    ...host,
    stderr: (text) => {
      isExplained = true;
      host.stderr(text);
    },
  };
  try {
    return { entry: await (await openLogins(listening)).get(registry), isExplained };
  } catch (error) {
    remark(host, `${host.program}: ${describeError(error)}`);
    return { isExplained: true };
  }
}

/** Clients show what is on standard output when this fails. */
export async function store(host: Host, { allowPasswords = false }: VerbOptions): Promise<number> {
  try {
    const { server, username, secret } = parseCredentials(await readInput(host));
    const registry = registryName(server);
    if (registry === undefined) return fail(host, NO_SERVER);
    if (username !== IDENTITY_TOKEN && !allowPasswords && host.env[ALLOW_PASSWORDS] !== '1') {
      return fail(host, `this helper stores no passwords; run: ${host.program} login ${registry}`);
    }
    await (await openLogins(host)).put(registry, { username, secret });
    return 0;
  } catch (error) {
    const text = describeError(error);
    if (text !== NO_SERVER && text !== NO_USERNAME) remark(host, `${host.program}: ${text}`);
    return fail(host, text);
  }
}

/** Always succeeds where the token is removed: docker calls it twice for one logout. */
export async function erase(host: Host): Promise<number> {
  const server = (await readInput(host)).trim();
  if (server === '') return fail(host, NO_SERVER);
  const registry = registryName(server);
  if (registry === undefined) return 0;
  try {
    await eraseLogin(host, registry);
    return 0;
  } catch (error) {
    const text = describeError(error);
    remark(host, `${host.program}: ${text}`);
    return fail(host, text);
  }
}

/**
 * Removes a login from this machine, and then ends it at the server, if the server answers soon.
 *
 * @returns whether there was one
 */
export async function eraseLogin(host: Host, registry: string): Promise<boolean> {
  const logins = await openLogins(host);
  const entry = await logins.get(registry);
  if (entry === undefined) return false;
  await logins.remove(registry);
  const problem = entry === 'unreadable' ? 'it cannot be read' : await endAtServer(entry);
  if (problem !== undefined)
    remark(host, `${host.program}: the login at ${registry} is removed here, but not ended at the server: ${problem}`);
  return true;
}

/** @returns why the server has not ended it; undefined: it has, or there is nothing to end */
async function endAtServer({ revocationUrl, secret }: StoredLogin): Promise<string | undefined> {
  if (revocationUrl === undefined) return undefined;
  const { revoke } = await import('./login/revoke.ts');
  return revoke(revocationUrl, secret);
}

export async function list(host: Host): Promise<number> {
  // Clients send a text without a meaning.
  await readInput(host);
  let entries: Iterable<readonly [string, string | undefined]> = [];
  try {
    entries = await (await openLogins(host)).list();
  } catch (error) {
    remark(host, `${host.program}: ${describeError(error)}`);
  }
  // An entry without a user name cannot be read, and is not in the text.
  host.stdout(`${JSON.stringify(Object.fromEntries(entries))}\n`);
  return 0;
}

function fail({ stdout }: Host, text: string): 1 {
  stdout(`${printable(text)}\n`);
  return 1;
}
