/** The backend `oidc-sign-in` as a configuration file would make it, over a provider of a test. */
import { z } from 'zod';
import { oidcSignIn } from '../../src/backends/oidc-sign-in/index.ts';
import type { SignedInAccounts } from '../../src/core/signed-in-account.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Sealing } from '../../src/core/sign-in.ts';
import { parseNamePattern } from '../../src/core/policy/name-pattern.ts';
import type { Clock, Log } from '../../src/core/ports.ts';
import type { ChainedBackend } from '../../src/flows/chain.ts';
import { realClock, recordingLog } from './fakes.ts';

interface SignInBackendOptions {
  readonly issuer: string;
  readonly name?: string;
  readonly accounts?: SignedInAccounts;
  readonly sealing?: Sealing;
  /** What the configured secret reads as, each time. */
  readonly clientSecret?: () => string;
  /** Further keys of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Patterns of the user names that it serves. */
  readonly usernames?: readonly string[];
  readonly clock?: Clock;
  readonly log?: Log;
}

/** @throws z.ZodError when the configuration is wrong */
export async function createSignInBackend(options: SignInBackendOptions): Promise<ChainedBackend> {
  const {
    issuer,
    name = 'sso',
    accounts,
    sealing,
    clientSecret,
    config,
    clock = realClock,
    log = recordingLog(),
  } = options;
  const secret = clientSecret === undefined ? {} : { secret: { env: 'SSO_CLIENT_SECRET' } };
  const parsed = z.parse(oidcSignIn.schema, {
    name,
    type: 'oidc-sign-in',
    issuer,
    client: { id: 'registry', ...secret },
    ...config,
  });
  const authenticator = await oidcSignIn.create(parsed, {
    clock,
    log,
    secret: () => ({ read: async () => new Secret(clientSecret?.() ?? '') }),
    ...(accounts === undefined ? {} : { accounts }),
    ...(sealing === undefined ? {} : { sealing }),
  });
  const patterns = options.usernames?.map(parseNamePattern).filter((pattern) => typeof pattern !== 'string');
  return { authenticator, usernames: patterns };
}

/** How a provider knows the client of the tests. */
export function signInClient(redirectUri: string): Readonly<Record<string, unknown>> {
  return {
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [redirectUri],
  };
}
