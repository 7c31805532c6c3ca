/** Opens what a backend needs as a client of an OpenID provider. */
import type { Deadline } from '../../../core/deadline.ts';
import { BrokerError } from '../../../core/errors.ts';
import type { Authenticator, BackendState } from '../../../core/ports.ts';
import type { BackendDeps } from '../../backend.ts';
import { openRenewable } from '../../http-client/renewable.ts';
import { needsIdToken } from './claim-sources.ts';
import { clientAuthenticator } from './client-authentication.ts';
import { methodOf } from './client-config.ts';
import { createGraph } from './graph.ts';
import type { Graph } from './graph.ts';
import { createProvider } from './provider.ts';
import type { Provider } from './provider.ts';
import type { ProviderConfig } from './provider-config.ts';
import type { Settings } from './settings.ts';
import { openTransport, transportFiles } from './transport.ts';

export interface ProviderClient extends AsyncDisposable {
  readonly provider: Provider;
  /** Reads groups that a token leaves out; undefined: they are not read. */
  readonly graph: Graph | undefined;
  /** The parts of the backend that follow from its files. */
  readonly reloading: Pick<Authenticator, 'watches' | 'reload'>;
  probe(deadline: Deadline): Promise<BackendState>;
}

/** @throws Error that names the file when one cannot be used */
export async function openProviderClient(
  config: ProviderConfig,
  settings: Settings,
  { clock, log, secret }: BackendDeps,
  options: { readonly clockTolerance?: number } = {},
): Promise<ProviderClient> {
  const { name, client } = config;
  const files = transportFiles(config);
  const transport = await openRenewable(() => openTransport(config, secret));
  const provider = createProvider({
    backend: name,
    issuer: config.issuer,
    internalUrl: config.internalUrl,
    clientId: client.id,
    additionalAudiences: config.additionalAudiences,
    ...options,
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
  const reload = async (): Promise<void> => {
    await transport.renew();
    provider.renew();
  };
  const { graphUrl } = settings;
  return {
    provider,
    graph: graphUrl === undefined ? undefined : createGraph({ backend: name, url: graphUrl, clock, log }),
    reloading: files.length === 0 ? {} : { watches: files, reload },
    probe: (deadline) => probe(provider, deadline),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
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
