/** The attributes of FreeIPA, and searches without a bind, on 389 Directory Server, which FreeIPA is built on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineIn } from '../../src/core/deadline.ts';
import { canRun389ds, start389ds } from '../support/389ds.ts';
import type { Directory389 } from '../support/389ds.ts';
import { realClock } from '../support/fakes.ts';
import { FREEIPA_PASSWORD, freeIpaPerson, freeIpaSchema, passwordExpires } from '../support/freeipa.ts';
import { createLdap, logIn } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { PEOPLE_DN, personDn } from '../support/slapd-entries.ts';

const ENTRIES = [
  freeIpaPerson('current', passwordExpires('20991231235959Z')),
  freeIpaPerson('overdue', passwordExpires('20200101000000Z')),
  freeIpaPerson('plain'),
].join('');

describe.skipIf(!canRun389ds())('the expiration of passwords in FreeIPA', () => {
  let server: Directory389;
  beforeAll(async () => {
    server = await start389ds();
    await server.change(await freeIpaSchema());
    await server.change(ENTRIES);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const freeipa = (users: LdapInput['users'] = { base: PEOPLE_DN }): LdapInput => ({
    preset: 'freeipa',
    urls: [server.url],
    users,
    groups: undefined,
  });
  const overdue = { kind: 'rejected', reason: 'password-expired' };

  it('refuses a login although the directory accepts the bind', async () => {
    await using backend = await createLdap(freeipa());

    expect(await logIn(backend, 'overdue', FREEIPA_PASSWORD)).toEqual(overdue);
    expect(await logIn(backend, 'current', FREEIPA_PASSWORD)).toMatchObject({ kind: 'authenticated' });
    expect(await logIn(backend, 'plain', FREEIPA_PASSWORD)).toMatchObject({ kind: 'authenticated' });
  });

  it('refuses a login by a template, too', async () => {
    await using backend = await createLdap({ ...freeipa({ template: personDn('{login}') }), bind: undefined });

    expect(await logIn(backend, 'overdue', FREEIPA_PASSWORD)).toEqual(overdue);
    expect(await logIn(backend, 'overdue', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    expect(await logIn(backend, 'current', FREEIPA_PASSWORD)).toMatchObject({ kind: 'authenticated' });
  });

  it('is left to the bind with expiredPasswords: accept', async () => {
    await using backend = await createLdap(freeipa({ base: PEOPLE_DN, expiredPasswords: 'accept' }));

    expect(await logIn(backend, 'overdue', FREEIPA_PASSWORD)).toMatchObject({ kind: 'authenticated' });
  });

  it('ends refresh tokens', async () => {
    await using backend = await createLdap(freeipa());
    await using accepting = await createLdap(freeipa({ base: PEOPLE_DN, expiredPasswords: 'accept' }));
    const outcome = await logIn(accepting, 'overdue', FREEIPA_PASSWORD);
    const subject = outcome.kind === 'authenticated' ? outcome.identity.subject : undefined;
    const account = { login: 'overdue', subject: subject ?? '' };

    expect(await backend.revalidate?.(account, deadlineIn(realClock, 8000))).toEqual(overdue);
    expect(await accepting.revalidate?.(account, deadlineIn(realClock, 8000))).toMatchObject({ kind: 'authenticated' });
  });
});

describe.skipIf(!canRun389ds())('389 Directory Server without anonymous access', () => {
  it.each(['off', 'rootdse'])('says that bind must be configured (%s), and works with a bind', async (access) => {
    await using server = await start389ds();
    await server.change(
      `\ndn: cn=config\nchangetype: modify\nreplace: nsslapd-allow-anonymous-access\nnsslapd-allow-anonymous-access: ${access}\n`,
    );
    await using anonymous = await createLdap({ preset: '389ds', urls: [server.url], bind: undefined });
    await using bound = await createLdap({ preset: '389ds', urls: [server.url] });
    const error: unknown = await logIn(anonymous, 'alice', 'any').catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'backend_unavailable', cause: { kind: 'misconfigured' } });
    expect(String((error as Error).cause)).toContain('configure bind');
    expect(await logIn(bound, 'alice', 'any')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
  });
});
