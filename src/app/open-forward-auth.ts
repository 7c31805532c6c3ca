/** Forward-auth: the decisions for reverse proxies before registries. Loaded only where a service has it. */
import type { RequestHandler } from 'express';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { publicPathOf } from '../config/public-url.ts';
import { proxyTrust } from '../config/trusted-proxies.ts';
import type { TokenVerifier } from '../core/ports.ts';
import type { ForwardAuthDeps } from '../flows/forward-auth.ts';
import type { Service } from '../flows/grant-token.ts';
import type { ForwardAuthService, ForwardAuthRouteDeps } from '../http/forward-auth/endpoint.ts';
import { answerSettings } from './operator-deps.ts';
import type { Keyset } from '../platform/signing/keyset.ts';
import { signerServices } from './services.ts';

interface OpenDeps extends Omit<ForwardAuthDeps, 'verifier'>, Pick<ForwardAuthRouteDeps, 'log'> {
  readonly services: ReadonlyMap<string, Service>;
  /** Another object after each reload of the keys. */
  readonly keyset: () => Keyset;
}

/** @returns undefined where no service has `forwardAuth` */
export async function openForwardAuth(config: BrokerConfig, deps: OpenDeps): Promise<RequestHandler | undefined> {
  const services = forwardAuthServices(config, deps.services);
  if (services.size === 0) return undefined;
  const { createForwardAuth } = await import('../flows/forward-auth.ts');
  const { answerForwardAuth } = await import('../http/forward-auth/endpoint.ts');
  const verifier = await verifierInForce(config, deps.keyset);
  return answerForwardAuth({
    ...deps,
    services,
    publicPath: publicPathOf(config.publicUrl),
    tokenUrl: `${config.publicUrl}/token`,
    ...answerSettings(config),
    isTrustedProxy: proxyTrust(config.trustedProxies),
    forwardAuth: createForwardAuth({ ...deps, verifier }),
  });
}

function forwardAuthServices(
  config: BrokerConfig,
  services: ReadonlyMap<string, Service>,
): ReadonlyMap<string, ForwardAuthService> {
  return new Map(
    [...services].flatMap(([name, service]) => {
      const forwardAuth = config.services[name]?.forwardAuth;
      return forwardAuth === undefined ? [] : [[name, { service, ...forwardAuth, routes: forwardAuth }] as const];
    }),
  );
}

/** Its cache ends with the keys: a reload gives another keyset. */
async function verifierInForce(config: BrokerConfig, keyset: () => Keyset): Promise<TokenVerifier> {
  const { createVerifier } = await import('../platform/signing/jwt-verifier.ts');
  const create = (keys: Keyset): TokenVerifier => createVerifier(keys, signerServices(config), config.tokens.issuer);
  let inForce = { keys: keyset(), verifier: create(keyset()) };
  return {
    verify: (service, token, now) => {
      const keys = keyset();
      if (keys !== inForce.keys) inForce = { keys, verifier: create(keys) };
      return inForce.verifier.verify(service, token, now);
    },
  };
}
