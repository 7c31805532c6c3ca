/** The ldap backend on glauth. Its decoder of controls ends the process when a control has an explicit default. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineIn } from '../../src/core/deadline.ts';
import type { Step } from '../../src/core/ports.ts';
import { realClock } from '../support/fakes.ts';
import {
  canBuildGlauth,
  GLAUTH_BASE_DN,
  GLAUTH_BUILD_TIMEOUT,
  GLAUTH_PASSWORD,
  GLAUTH_SERVICE,
  startGlauth,
} from '../support/glauth.ts';
import type { Glauth } from '../support/glauth.ts';
import { createLdap, identityOf, logIn, plainGroups } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';

const alice = { username: 'alice', password: GLAUTH_PASSWORD };

describe.skipIf(!canBuildGlauth())('the ldap backend on glauth', () => {
  let glauth: Glauth;
  beforeAll(async () => {
    glauth = await startGlauth();
  }, GLAUTH_BUILD_TIMEOUT);
  afterAll(() => glauth[Symbol.asyncDispose]());

  const open = (input: LdapInput = {}) =>
    createLdap(
      {
        preset: 'glauth',
        urls: [glauth.url],
        bind: { dn: GLAUTH_SERVICE.dn, password: { env: 'LDAP_PASSWORD' } },
        users: { base: GLAUTH_BASE_DN },
        groups: { base: `ou=groups,${GLAUTH_BASE_DN}` },
        ...input,
      },
      { password: () => GLAUTH_SERVICE.password },
    );

  it('logs in users with the plain names of their groups', async () => {
    await using backend = await open();

    const identity = await identityOf(backend, alice);
    expect(identity.username).toBe('alice');
    expect(plainGroups(identity)).toEqual(['everyone', 'team-web', 'vpn']);
    expect(await logIn(backend, 'alice', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    expect(await logIn(backend, 'nobody', 'wrong')).toEqual({ kind: 'unknown-user' });
    expect(await logIn(backend, 'dan', GLAUTH_PASSWORD)).toEqual({ kind: 'rejected', reason: 'disabled' });
  });

  it.each(['glauth', 'openldap', 'freeipa'] as const)('leaves the server running with preset %s', async (preset) => {
    await using backend = await open({ preset });

    for (let n = 0; n < 3; n += 1) await backend.probe(deadlineIn(realClock, 2000));
    await logIn(backend, 'alice', GLAUTH_PASSWORD).catch(() => undefined);

    expect(await backend.probe(deadlineIn(realClock, 2000))).toEqual({ state: 'up' });
    expect(await glauth.isRunning()).toBe(true);
  });

  it('finds nothing wrong in the diagnosis', async () => {
    await using backend = await open();
    const steps: Step[] = [];
    await backend.diagnose?.(undefined, deadlineIn(realClock, 8000), (step) => void steps.push(step));

    expect(steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(await glauth.isRunning()).toBe(true);
  });
});
