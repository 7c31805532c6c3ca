/**
 * The provider as one login uses it: an openid-client `Configuration` with the current secret, the keys of the provider,
 * and a time limit for every request.
 */
import { Configuration, allowInsecureRequests, customFetch, enableNonRepudiationChecks } from 'openid-client';
import { BrokerError } from '../../../core/errors.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import { createKeySet } from '../key-set.ts';
import { fetchKeys } from '../key-source.ts';
import { fetchMetadata } from '../metadata.ts';
import type { BoundedFetch, Connection } from '../../http-client/connection.ts';
import { TOKEN_ENDPOINT_NAME } from './client-authentication.ts';
import type { ClientAuthenticator } from './client-authentication.ts';
import { createDiscovery } from './discovery.ts';
import { verifySignature } from './id-token.ts';
import type { TokenRules } from './id-token.ts';
import { readMetadata } from './metadata.ts';
import type { MetadataRules, ProviderMetadata } from './metadata.ts';
import { withUsedMembers } from './token-response.ts';

export interface Session {
  readonly configuration: Configuration;
  readonly metadata: ProviderMetadata;
  /** The secrets that were sent; a response that echoes them must not be logged. */
  readonly secrets: readonly string[];
  /** Sends a request to any address, within the time of the login. */
  readonly fetch: BoundedFetch;
  /** Verifies the signature of a token that the provider sent; see `verifySignature`. */
  readonly verify: (text: unknown, algorithms: readonly string[]) => ReturnType<typeof verifySignature>;
  /** What the claims of its tokens are compared with. */
  readonly rules: TokenRules;
}

export interface Provider {
  /** @throws BrokerError `backend_unavailable` when the metadata cannot be read. */
  open(signal: AbortSignal): Promise<Session>;
  /** Whether the provider answers, asked within the last seconds. Throws as `open` does. */
  reach(signal: AbortSignal): Promise<void>;
  /** The next login reads the metadata again. */
  flush(): void;
  /** The next login reads the metadata and the keys again. */
  renew(): void;
}

interface ProviderDeps extends MetadataRules {
  readonly backend: string;
  readonly clientId: string;
  readonly additionalAudiences: readonly string[];
  /** See `TokenRules.clockTolerance`. */
  readonly clockTolerance?: number;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly authenticator: ClientAuthenticator;
  /** The current connection; it changes with the files of the configuration. */
  readonly connection: () => Connection;
}

export function createProvider(deps: ProviderDeps): Provider {
  const { backend, clock, log, issuer, internalUrl = issuer, clientId, connection } = deps;
  const plain = [issuer, internalUrl].some((url) => new URL(url).protocol === 'http:');
  const limit = (): AbortSignal => AbortSignal.timeout(deps.timeoutSeconds * 1000);

  const discovery = createDiscovery({
    clock,
    fetchMetadata: async () => {
      const request = { issuer, address: internalUrl, connection: connection(), signal: limit() };
      return readMetadata(await fetchMetadata(request), deps);
    },
  });
  const keySet = createKeySet({
    backend,
    clock,
    log,
    fetchKeys: async () => {
      const signal = limit();
      const { endpoints } = await discovery.current(signal);
      if (endpoints.jwks_uri === undefined) throw new Error('the provider’s metadata name no jwks_uri');
      try {
        return await fetchKeys(connection(), endpoints.jwks_uri, signal);
      } catch (error) {
        // The keys may have another address now.
        discovery.flush();
        throw error;
      }
    },
  });

  return {
    open: async (signal) => {
      const metadata = await asOutage(signal, discovery.current(signal));
      const { clientAuth, secrets } = await deps.authenticator();
      const fetch: BoundedFetch = (url, options) => connection().fetchUntil(signal)(url, options);
      const { issuer: name, endpoints, tokenEndpointName } = metadata;
      const server = {
        issuer: name,
        ...endpoints,
        ...metadata.browser,
        authorization_response_iss_parameter_supported: metadata.namesIssuer,
        [TOKEN_ENDPOINT_NAME]: tokenEndpointName,
      };
      const configuration = new Configuration(server, clientId, undefined, clientAuth);
      // The signal bounds every request, and their sum.
      configuration.timeout = undefined;
      enableNonRepudiationChecks(configuration);
      if (plain) allowInsecureRequests(configuration);
      configuration[customFetch] = async (url, options) => {
        const response = await fetch(url, options);
        return url === endpoints.token_endpoint ? withUsedMembers(response) : response;
      };
      return {
        configuration,
        metadata,
        secrets,
        fetch,
        verify: (text, algorithms) => verifySignature(text, algorithms, keySet, signal),
        rules: {
          issuer: name,
          clientId,
          additionalAudiences: deps.additionalAudiences,
          now: clock.now(),
          ...(deps.clockTolerance === undefined ? {} : { clockTolerance: deps.clockTolerance }),
        },
      };
    },
    reach: async (signal) => {
      await asOutage(signal, discovery.refresh(signal));
    },
    flush: () => discovery.flush(),
    renew: () => {
      discovery.flush();
      keySet.expire();
    },
  };
}

async function asOutage<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BrokerError) throw error;
    const detail = signal.aborted || !(error instanceof Error) ? 'it did not answer in time' : error.message;
    throw new BrokerError('backend_unavailable', `the provider’s metadata cannot be read: ${detail}`);
  }
}
