/** `login`: signs in at the sign-in server of a registry, stores the login and makes the clients use it. */
import { configureClients } from '../configure/configure.ts';
import type { HelperCall } from '../commands.ts';
import { HelperError, remark } from '../host.ts';
import type { Host } from '../host.ts';
import type { StoredLogin } from '../logins/login.ts';
import { openLogins } from '../logins/store.ts';
import { requireRegistry } from '../registry-name.ts';
import { hasBrowser } from './browser.ts';
import { loginByDevice } from './device.ts';
import { discover } from './discover.ts';
import type { SignInServer } from './discover.ts';
import { loginByBrowser } from './loopback.ts';
import { requireOwnService } from './own-service.ts';
import { pinServer } from './pins.ts';
import { revoke } from './revoke.ts';

/** @returns the exit code */
export async function login(host: Host, call: HelperCall): Promise<number> {
  const registry = requireRegistry(call.arguments[0]);
  const server = await discover(registry);
  requireOwnService(registry, server.service, call.flags.has('accept-server'));
  await pinServer(host, registry, server.issuer, call.flags.has('accept-server'));
  // A file that cannot be read could not store the login either: before the sign-in, and not after it.
  const logins = await openLogins(host);
  const earlier = await logins.get(registry);
  const stored = await signIn(host, server, call.flags.has('device'));
  await logins.put(registry, stored);
  // Nobody has it any more. It would stay in the list of the person's sign-ins.
  if (typeof earlier === 'object' && earlier.revocationUrl !== undefined)
    await revoke(earlier.revocationUrl, earlier.secret);
  remark(
    host,
    `Signed in to ${registry}${stored.account === undefined ? '' : ` as ${stored.account}`}${endText(stored)}.`,
  );
  if (!call.flags.has('no-configure')) await configureClients(host, registry);
  return 0;
}

function signIn(host: Host, server: SignInServer, wantsDevice: boolean): Promise<StoredLogin> {
  const { authorizationUrl, deviceUrl } = server;
  if (authorizationUrl !== undefined && !wantsDevice && (deviceUrl === undefined || hasBrowser(host)))
    return loginByBrowser(host, server, authorizationUrl);
  if (deviceUrl !== undefined) return loginByDevice(host, server, deviceUrl);
  throw new HelperError(
    wantsDevice ? `${server.issuer} offers no sign-in by a code` : `${server.issuer} offers no sign-in in the browser`,
  );
}

function endText({ endsAt }: StoredLogin): string {
  return endsAt === undefined ? '' : `, until ${new Date(endsAt * 1000).toISOString().slice(0, 'YYYY-MM-DD'.length)}`;
}
