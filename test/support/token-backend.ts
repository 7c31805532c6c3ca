/** The backend `oidc-token` as a configuration file would make it, over an issuer of a test. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { z } from 'zod';
import type { ClusterAccess } from '../../src/backends/oidc-token/cluster.ts';
import { openOidcToken } from '../../src/backends/oidc-token/authenticator.ts';
import { oidcToken } from '../../src/backends/oidc-token/index.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome, Clock, Log } from '../../src/core/ports.ts';
import { AUDIENCE } from './ci-claims.ts';
import { realClock, recordingLog } from './fakes.ts';

export interface TokenBackendOptions {
  readonly config: Readonly<Record<string, unknown>>;
  /** What the configured bearer token reads as. */
  readonly bearer?: string;
  /** How the broker reaches the cluster that it runs in; default: as a pod does. */
  readonly access?: ClusterAccess;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** @throws z.ZodError when the configuration is wrong */
export async function createTokenBackend(options: TokenBackendOptions): Promise<Authenticator> {
  const config = z.parse(oidcToken.schema, {
    name: 'ci',
    type: 'oidc-token',
    audience: AUDIENCE,
    bound: 'everyone',
    ...options.config,
  });
  const deps = {
    clock: options.clock ?? realClock,
    log: options.log ?? recordingLog(),
    secret: () => ({ read: async () => new Secret(options.bearer ?? '') }),
  };
  return options.access === undefined ? oidcToken.create(config, deps) : openOidcToken(config, deps, options.access);
}

/** One login with the whole budget a request has. */
export function present(backend: Authenticator, token: string, budget = 8000): Promise<AuthnOutcome> {
  return backend.authenticate({ username: 'ci', password: new Secret(token) }, deadlineIn(realClock, budget));
}
