/**
 * The verbs that clients call. A client hides what a helper writes to standard output when it fails, and goes on without
 * credentials; all of them show standard error. So `get` and `list` explain a failure there, and answer as if nothing were
 * stored: public images can still be pulled.
 */
import { describeError } from '../core/errors.ts';
import { printable, readInput, remark } from './host.ts';
import type { Host } from './host.ts';
import { hasEnded } from './logins/login.ts';
import type { StoredLogin } from './logins/login.ts';
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
  const login = registry === undefined ? undefined : await find(host, registry);
  if (registry === undefined || login === undefined) return fail(host, NOT_FOUND);
  if (hasEnded(login, host.now())) {
    remark(host, `${host.program}: the login at ${registry} has ended; run: ${host.program} login ${registry}`);
    return fail(host, NOT_FOUND);
  }
  const answer = { ServerURL: server, Username: login.username, Secret: login.secret.reveal() };
  host.stdout(`${JSON.stringify(answer)}\n`);
  return 0;
}

async function find(host: Host, registry: string): Promise<StoredLogin | undefined> {
  try {
    return await (await openLogins(host)).get(registry);
  } catch (error) {
    remark(host, `${host.program}: ${describeError(error)}`);
    return undefined;
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
  const login = await logins.get(registry);
  if (login === undefined) return false;
  await logins.remove(registry);
  if (login.revocationUrl !== undefined) {
    const { revoke } = await import('./login/revoke.ts');
    const problem = await revoke(login.revocationUrl, login.secret);
    if (problem !== undefined)
      remark(
        host,
        `${host.program}: the login at ${registry} is removed here, but not ended at the server: ${problem}`,
      );
  }
  return true;
}

export async function list(host: Host): Promise<number> {
  // Clients send a text without a meaning.
  await readInput(host);
  let entries: Iterable<readonly [string, string]> = [];
  try {
    entries = await (await openLogins(host)).list();
  } catch (error) {
    remark(host, `${host.program}: ${describeError(error)}`);
  }
  host.stdout(`${JSON.stringify(Object.fromEntries(entries))}\n`);
  return 0;
}

function fail({ stdout }: Host, text: string): 1 {
  stdout(`${printable(text)}\n`);
  return 1;
}
