import { expect, it } from 'vitest';
import { servicesOf, signerServices } from '../../../src/app/services.ts';
import type { BrokerConfig } from '../../../src/config/broker-schema.ts';

const limits = { idle: 1, absolute: 2, maxPerUser: 3 };
const services = {
  open: { anonymous: 'allow', lifetime: { pull: 300, push: 900 }, key: { header: 'x5c' }, refreshTokens: limits },
  closed: { anonymous: 'deny', lifetime: { pull: 60, push: 60 }, key: { header: 'kid' }, signingKey: 'second' },
};
const config = { services } as unknown as BrokerConfig;

it('a service has its name, its lifetimes and its limits of refresh tokens, if any', () => {
  expect([...servicesOf(config)]).toEqual([
    ['open', { name: 'open', anonymous: 'allow', lifetimes: { pull: 300, push: 900 }, refreshTokens: limits }],
    ['closed', { name: 'closed', anonymous: 'deny', lifetimes: { pull: 60, push: 60 } }],
  ]);
});

it('the signer gets the key header of each service, and the signing key, if any', () => {
  expect(signerServices(config)).toEqual([
    { service: 'open', header: 'x5c' },
    { service: 'closed', header: 'kid', signingKey: 'second' },
  ]);
});
