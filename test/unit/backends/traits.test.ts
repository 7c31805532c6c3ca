/** The traits of the backend for tokens, which the contract suite for passwords does not cover. */
import { expect, it } from 'vitest';
import { oidcToken } from '../../../src/backends/oidc-token/index.ts';
import { Secret } from '../../../src/core/identity.ts';
import { fixedClock, recordingLog } from '../../support/fakes.ts';

it('the traits of oidc-token agree with the open backend', async () => {
  const issuer = 'https://ci.example.com';
  const config = oidcToken.schema.parse({
    name: 'ci',
    type: 'oidc-token',
    issuer,
    audience: 'registry',
    bound: 'everyone',
  });
  await using backend = await oidcToken.create(config, {
    clock: fixedClock(),
    log: recordingLog(),
    secret: () => ({ read: async () => new Secret('not used') }),
  });

  const { accepts, canRevalidate, users } = oidcToken.traits(config);

  expect(accepts).toBe(backend.accepts);
  expect(canRevalidate).toBe(backend.revalidate !== undefined);
  expect(users !== undefined).toBe(backend.usersNamed !== undefined);
});
