/** `logout`: ends a login. */
import type { HelperCall } from './commands.ts';
import { remark } from './host.ts';
import type { Host } from './host.ts';
import { requireRegistry } from './registry-name.ts';
import { eraseLogin } from './verbs.ts';

/** @returns the exit code: 1 where there is no login */
export async function logout(host: Host, call: HelperCall): Promise<number> {
  const registry = requireRegistry(call.arguments[0]);
  const wasThere = await eraseLogin(host, registry);
  remark(host, wasThere ? `The login at ${registry} has ended.` : `There is no login at ${registry}.`);
  return wasThere ? 0 : 1;
}
