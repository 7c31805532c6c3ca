/** The open backend. */
import type { Deadline } from '../../core/deadline.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Authenticator, BackendState } from '../../core/ports.ts';
import type { BackendDeps } from '../backend.ts';
import { clientAuthenticator } from './client-authentication.ts';
import { needsIdToken } from './claim-sources.ts';
import { methodOf } from './client-config.ts';
import type { OidcPasswordConfig } from './config.ts';
import { openRenewable } from '../http-client/renewable.ts';
import { createGraph } from './graph.ts';
import { createLogin } from './login.ts';
import { createProvider } from './provider.ts';
import type { Provider } from './provider.ts';
import { createRevocation } from './revocation.ts';
import { resolveSettings } from './settings.ts';
import { openTransport, transportFiles } from './transport.ts';

const TYPE = 'oidc-password';

export async function openOidcPassword(
  config: OidcPasswordConfig,
  { clock, log, secret }: BackendDeps,
): Promise<Authenticator> {
  const { name, client } = config;
  const settings = resolveSettings(config);
  const files = transportFiles(config);
  const transport = await openRenewable(() => openTransport(config, secret));

  const provider = createProvider({
    backend: name,
    issuer: config.issuer,
    internalUrl: config.internalUrl,
    clientId: client.id,
    additionalAudiences: config.additionalAudiences,
    needsIdToken: needsIdToken(settings.claimsFrom),
    usesMutualTls: methodOf(client) === 'tls_client_auth',
    timeoutSeconds: config.timeout,
    clock,
    log,
    authenticator: clientAuthenticator({
      method: methodOf(client),
      secret: client.secret === undefined ? undefined : secret(client.secret),
      key: () => transport.current().key,
      keyId: client.keyId,
      assertionAudience: settings.assertionAudience,
    }),
    connection: () => transport.current().connection,
  });
  const revocation = createRevocation({ backend: name, provider, log });
  const authenticate = createLogin({
    scope: settings.scope,
    rules: settings.identity,
    claimsFrom: settings.claimsFrom,
    graph:
      settings.graphUrl === undefined ? undefined : createGraph({ backend: name, url: settings.graphUrl, clock, log }),
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
    probe: (deadline) => probe(provider, deadline),
    ...(files.length === 0
      ? {}
      : {
          watches: files,
          reload: async () => {
            await transport.renew();
            provider.renew();
          },
        }),
    [Symbol.asyncDispose]: async () => {
      await revocation[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}

async function probe(provider: Provider, deadline: Deadline): Promise<BackendState> {
  try {
    await provider.reach(AbortSignal.timeout(Math.floor(deadline.left())));
    return { state: 'up' };
  } catch (error) {
    return {
      state: 'down',
      detail: error instanceof BrokerError ? error.message : 'the OpenID provider does not answer',
    };
  }
}
