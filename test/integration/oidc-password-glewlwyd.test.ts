/** The password grant against glewlwyd, which its makers wrote in C and which refuses in its own way. */
import { describe, expect, it } from 'vitest';
import { authenticatorContract } from '../contract/authenticator.ts';
import { GLEWLWYD, SQLITE, startGlewlwyd } from '../support/glewlwyd.ts';
import { createOidcBackend, login, oidcTraits } from '../support/oidc-backend.ts';
import { PEOPLE } from '../support/openid-provider.ts';
import { findPart } from '../support/parts.ts';

const isHere = [GLEWLWYD, SQLITE].every((part) => findPart(part) !== undefined);
const CONFIG = { preset: 'glewlwyd' };
const [ALICE, BOB, CAROL] = PEOPLE;

describe.skipIf(!isHere)('acceptance 17: oidc-password over glewlwyd', () => {
  authenticatorContract('oidc-password over glewlwyd', async (resources) => {
    const { issuer, clientSecret } = resources.use(await startGlewlwyd());
    const options = { issuer, clientSecret, config: CONFIG };
    return {
      create: (deps) => createOidcBackend({ ...options, ...deps }),
      traits: oidcTraits(options),
      known: ALICE,
      other: BOB,
      attempts: 'none',
    };
  });

  it('gives a user without groups none', async () => {
    await using provider = await startGlewlwyd();
    await using backend = await createOidcBackend({ ...provider, config: CONFIG });

    const outcome = await login(backend, CAROL.username, CAROL.password);

    expect(outcome).toMatchObject({ kind: 'authenticated', identity: { username: 'carol', groups: new Set() } });
  });

  it('never takes a wrong client secret for a wrong password', async () => {
    await using provider = await startGlewlwyd();
    await using backend = await createOidcBackend({ ...provider, clientSecret: 'not-the-secret', config: CONFIG });

    const attempt = login(backend, ALICE.username, ALICE.password);

    await expect(attempt).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/answered 400: check client\.id/),
    });
  });

  it('ends the session of each login', async () => {
    await using provider = await startGlewlwyd();
    const backend = await createOidcBackend({ ...provider, config: CONFIG });

    await login(backend, ALICE.username, ALICE.password);
    await backend[Symbol.asyncDispose]();

    expect(await provider.sessions()).toEqual({ opened: 1, open: 0 });
  });

  it('fails while the server is stopped', async () => {
    await using provider = await startGlewlwyd();
    await using backend = await createOidcBackend({ ...provider, config: CONFIG });
    await provider.stop();

    await expect(login(backend, ALICE.username, ALICE.password)).rejects.toMatchObject({ code: 'backend_unavailable' });
  });
});
