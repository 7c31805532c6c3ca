/**
 * A client sends the login of a registry to whatever realm the registry names at that time. So a login that is valid at
 * one registry must not be stored for another one, which could ask for it and use it there.
 */
import { isLoopbackHost } from '../../core/address.ts';
import { HelperError } from '../host.ts';
import { registryName } from '../registry-name.ts';

/**
 * Compares host names. A service without a dot is no host name, and its sign-in page alone says what it is for.
 *
 * @param service the name under which the registry asks its sign-in server for tokens
 * @param isAccepted whether the user accepts that both are one registry
 * @throws HelperError
 */
export function requireOwnService(registry: string, service: string, isAccepted: boolean): void {
  const named = hostOf(service);
  const own = hostOf(registry);
  if (isAccepted || named === undefined || own === undefined || !named.includes('.')) return;
  if (named === own || isLoopbackHost(own)) return;
  throw new HelperError(
    `${registry} asks for a login at the registry ${service}, and could use it there; ` +
      'if its operator says that both are one registry, add --accept-server',
  );
}

function hostOf(text: string): string | undefined {
  const name = registryName(text);
  return name === undefined ? undefined : new URL(`https://${name}`).hostname;
}
