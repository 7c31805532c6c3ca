/** The configured services, in the form that the flows and the signer need. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Service } from '../flows/grant-token.ts';
import type { ServiceKeyConfig } from '../platform/signing/config.ts';

export function servicesOf({ services }: BrokerConfig): ReadonlyMap<string, Service> {
  return new Map(
    Object.entries(services).map(([name, { anonymous, lifetime, refreshTokens }]) => [
      name,
      { name, anonymous, lifetimes: lifetime, ...(refreshTokens === undefined ? {} : { refreshTokens }) },
    ]),
  );
}

export function signerServices({ services }: BrokerConfig): readonly ServiceKeyConfig[] {
  return Object.entries(services).map(([service, { key, signingKey }]) => ({
    service,
    header: key.header,
    ...(signingKey === undefined ? {} : { signingKey }),
  }));
}
