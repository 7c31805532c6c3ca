/**
 * The provider as one login uses it: an openid-client `Configuration` with the current secret, the keys that earlier
 * logins have fetched, and a time limit for every request.
 */
import {
  Configuration,
  allowInsecureRequests,
  customFetch,
  discovery as discover,
  enableNonRepudiationChecks,
  getJwksCache,
  setJwksCache,
} from 'openid-client';
import type { ServerMetadata } from 'openid-client';
import { BrokerError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { ClientAuthenticator } from './client-authentication.ts';
import type { BoundedFetch, Connection } from '../http-client/connection.ts';
import { createDiscovery } from './discovery.ts';
import { describeFault, readFault } from './fault.ts';

export interface Session {
  readonly configuration: Configuration;
  readonly metadata: ServerMetadata;
  /** The secrets that were sent; a response that echoes them must not be logged. */
  readonly secrets: readonly string[];
  /** Sends a request to any address, within the time of the login. */
  readonly fetch: BoundedFetch;
  /** The URL of the last request. */
  lastRequest(): string | undefined;
  /** Keeps the provider's keys for later logins. */
  keepKeys(): void;
}

export interface Provider {
  /** @throws BrokerError `backend_unavailable` when the metadata cannot be read. */
  open(signal: AbortSignal): Promise<Session>;
  /** Whether the provider answers, asked within the last seconds. Throws as `open` does. */
  reach(signal: AbortSignal): Promise<void>;
  /** The next login reads the metadata again. */
  forget(): void;
}

interface ProviderDeps {
  readonly issuer: string;
  readonly clientId: string;
  /** Whether the client authenticates by its certificate: endpoints may then have other addresses (RFC 8705, section 5). */
  readonly usesMutualTls?: boolean;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
  readonly authenticator: ClientAuthenticator;
  /** The current connection; it changes with the files of the configuration. */
  readonly connection: () => Connection;
}

export function createProvider(deps: ProviderDeps): Provider {
  const { clock, issuer, clientId } = deps;
  const discovery = createDiscovery({ clock, fetchMetadata: () => fetchMetadata(deps) });
  const metadata = { use_mtls_endpoint_aliases: deps.usesMutualTls ?? false };
  const plain = new URL(issuer).protocol === 'http:';

  async function asOutage<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      const fault = describeFault(await readFault(error));
      throw new BrokerError('backend_unavailable', `the provider’s metadata ${fault}`);
    }
  }

  return {
    open: async (signal) => {
      const discovered = await asOutage(discovery.current(signal));
      const { clientAuth, secrets } = await deps.authenticator();
      const configuration = new Configuration(discovered.metadata, clientId, metadata, clientAuth);
      // The signal bounds every request, and their sum.
      configuration.timeout = undefined;
      enableNonRepudiationChecks(configuration);
      if (plain) allowInsecureRequests(configuration);
      if (discovered.keys !== undefined) setJwksCache(configuration, discovered.keys);
      let last: string | undefined;
      const fetch: BoundedFetch = (url, options) => deps.connection().fetchUntil(signal)(url, options);
      configuration[customFetch] = (url, options) => {
        last = url;
        return fetch(url, options);
      };
      return {
        configuration,
        metadata: discovered.metadata,
        secrets,
        fetch,
        lastRequest: () => last,
        keepKeys: () => {
          discovered.keys = getJwksCache(configuration);
        },
      };
    },
    reach: async (signal) => {
      await asOutage(discovery.refresh(signal));
    },
    forget: () => discovery.forget(),
  };
}

async function fetchMetadata({ issuer, clientId, timeoutSeconds, connection }: ProviderDeps): Promise<ServerMetadata> {
  const server = new URL(issuer);
  const found = await discover(server, clientId, undefined, undefined, {
    [customFetch]: connection().fetchUntil(AbortSignal.timeout(timeoutSeconds * 1000)),
    execute: server.protocol === 'http:' ? [allowInsecureRequests] : [],
  });
  const metadata = found.serverMetadata();
  // openid-client accepts another issuer from some well-known hosts.
  if (!URL.canParse(metadata.issuer) || new URL(metadata.issuer).href !== server.href) {
    throw new BrokerError('backend_unavailable', 'the provider names another issuer than the configured one');
  }
  if (metadata.token_endpoint === undefined || metadata.jwks_uri === undefined) {
    throw new BrokerError('backend_unavailable', 'the provider’s metadata names no token_endpoint or no jwks_uri');
  }
  return metadata;
}
