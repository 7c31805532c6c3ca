/**
 * The provider, as one login sees it: openid-client's `Configuration` with the secret read anew, the keys kept from
 * logins before, and every request bound to the login's time.
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
  /** The secrets that went out, so that no answer brings them into the log. */
  readonly secrets: readonly string[];
  /** Asks any address, within the time of the login. */
  readonly fetch: BoundedFetch;
  /** The address of the last request. */
  lastRequest(): string | undefined;
  /** Keeps the provider's keys for later logins. */
  keepKeys(): void;
}

export interface Provider {
  /** @throws BrokerError `backend_unavailable` when the provider does not say where its endpoints are. */
  open(signal: AbortSignal): Promise<Session>;
  /** Whether the provider answers, asked within the last seconds. Throws as `open` does. */
  reach(signal: AbortSignal): Promise<void>;
  /** Asks the provider anew at the next login. */
  forget(): void;
}

interface ProviderDeps {
  readonly issuer: string;
  readonly clientId: string;
  /** Whether the client is known by its certificate: its endpoints may have addresses of their own (RFC 8705, section 5). */
  readonly usesMutualTls?: boolean;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
  readonly authenticator: ClientAuthenticator;
  /** The connection in use; another one after its authorities have changed. */
  readonly connection: () => Connection;
}

export function createProvider(deps: ProviderDeps): Provider {
  const { clock, issuer, clientId } = deps;
  const discovery = createDiscovery({ clock, fetchMetadata: () => fetchMetadata(deps) });
  const metadata = { use_mtls_endpoint_aliases: deps.usesMutualTls ?? false };
  const plain = new URL(issuer).protocol === 'http:';

  async function tell<T>(work: Promise<T>): Promise<T> {
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
      const discovered = await tell(discovery.current(signal));
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
      await tell(discovery.refresh(signal));
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
  // openid-client lets some well-known hosts answer for another issuer.
  if (!URL.canParse(metadata.issuer) || new URL(metadata.issuer).href !== server.href) {
    throw new BrokerError('backend_unavailable', 'the provider names another issuer than the configured one');
  }
  if (metadata.token_endpoint === undefined || metadata.jwks_uri === undefined) {
    throw new BrokerError('backend_unavailable', 'the provider’s metadata names no token_endpoint or no jwks_uri');
  }
  return metadata;
}
