/** The open backend. */
import type { Authenticator } from '../../core/ports.ts';
import type { BackendDeps } from '../backend.ts';
import { openProviderClient } from '../oidc/client/open-client.ts';
import { resolveSettings } from '../oidc/client/settings.ts';
import type { OidcPasswordConfig } from './config.ts';
import { createLogin } from './login.ts';
import { createRevocation } from './revocation.ts';

const TYPE = 'oidc-password';

export async function openOidcPassword(config: OidcPasswordConfig, deps: BackendDeps): Promise<Authenticator> {
  const { name } = config;
  const { clock, log } = deps;
  const settings = resolveSettings(config);
  const client = await openProviderClient(config, settings, deps);
  const { provider, graph } = client;
  const revocation = createRevocation({ backend: name, provider, log });
  const authenticate = createLogin({
    scope: settings.scope,
    rules: settings.identity,
    claimsFrom: settings.claimsFrom,
    graph,
    refusals: settings.refusals,
    timeoutSeconds: config.timeout,
    provider,
    revocation,
    clock,
    log,
  });
  return {
    name,
    type: TYPE,
    authenticate,
    asksGuard: true,
    probe: client.probe,
    ...client.reloading,
    [Symbol.asyncDispose]: async () => {
      await revocation[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
    },
  };
}
