/** The backend `oidc-password` as a configuration file would make it, over a provider of a test. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { z } from 'zod';
import { oidcPassword } from '../../src/backends/oidc-password/index.ts';
import type { BackendTraits } from '../../src/backends/traits.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome, Clock, Log } from '../../src/core/ports.ts';
import { realClock, recordingLog } from './fakes.ts';

export interface BackendOptions {
  readonly issuer: string;
  readonly client?: Readonly<Record<string, unknown>>;
  /** What the configured secret reads as. */
  readonly clientSecret?: string | undefined;
  /** What the configured password of the proxy reads as. */
  readonly proxyPassword?: string;
  /** Further keys of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** @throws z.ZodError when the configuration is wrong */
export async function createOidcBackend(options: BackendOptions): Promise<Authenticator> {
  return oidcPassword.create(configOf(options), {
    clock: options.clock ?? realClock,
    log: options.log ?? recordingLog(),
    secret: ({ source }) => {
      const isOfProxy = 'env' in source && source.env === 'PROXY_PASSWORD';
      return { read: async () => new Secret((isOfProxy ? options.proxyPassword : options.clientSecret) ?? '') };
    },
  });
}

/** @throws z.ZodError when the configuration is wrong */
export function oidcTraits(options: BackendOptions): BackendTraits {
  return oidcPassword.traits(configOf(options));
}

function configOf({ issuer, client, clientSecret, config }: BackendOptions): z.output<typeof oidcPassword.schema> {
  const secret = clientSecret === undefined ? {} : { secret: { env: 'SSO_CLIENT_SECRET' } };
  return z.parse(oidcPassword.schema, {
    name: 'sso',
    type: 'oidc-password',
    issuer,
    client: { id: 'registry', ...secret, ...client },
    ...config,
  });
}

/** One login with the whole budget a request has. */
export function login(backend: Authenticator, username: string, password: string): Promise<AuthnOutcome> {
  return backend.authenticate({ username, password: new Secret(password) }, deadlineIn(realClock, 8000));
}
