/** The attributes of FreeIPA, and searches without a bind, on 389 Directory Server, which FreeIPA is built on. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineIn } from '../../src/core/deadline.ts';
import { canRun389ds, start389ds } from '../support/389ds.ts';
import type { Directory389 } from '../support/389ds.ts';
import { realClock } from '../support/fakes.ts';
import { createLdap, logIn } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { PEOPLE_DN, personDn } from '../support/slapd-entries.ts';

const PASSWORD = 'binds-to-freeipa-with-this';
const SCHEMA = await readFile(join(import.meta.dirname, '../support/freeipa-schema.ldif'), 'utf8');
const person = (uid: string, lines = ''): string => `
dn: ${personDn(uid)}
objectClass: inetOrgPerson
objectClass: posixAccount
objectClass: krbPrincipalAux
uid: ${uid}
cn: ${uid}
sn: ${uid}
uidNumber: 7001
gidNumber: 7001
homeDirectory: /home/${uid}
userPassword: ${PASSWORD}
${lines}`;
const ENTRIES = [
  person('current', 'krbPasswordExpiration: 20991231235959Z\n'),
  person('overdue', 'krbPasswordExpiration: 20200101000000Z\n'),
  person('plain'),
].join('');

describe.skipIf(!canRun389ds())('the expiration of passwords in FreeIPA', () => {
  let server: Directory389;
  beforeAll(async () => {
    server = await start389ds();
    await server.change(SCHEMA);
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

    expect(await logIn(backend, 'overdue', PASSWORD)).toEqual(overdue);
    expect(await logIn(backend, 'current', PASSWORD)).toMatchObject({ kind: 'authenticated' });
    expect(await logIn(backend, 'plain', PASSWORD)).toMatchObject({ kind: 'authenticated' });
  });

  it('refuses a login by a template, too', async () => {
    await using backend = await createLdap({ ...freeipa({ template: personDn('{login}') }), bind: undefined });

    expect(await logIn(backend, 'overdue', PASSWORD)).toEqual(overdue);
    expect(await logIn(backend, 'overdue', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    expect(await logIn(backend, 'current', PASSWORD)).toMatchObject({ kind: 'authenticated' });
  });

  it('is left to the bind with expiredPasswords: accept', async () => {
    await using backend = await createLdap(freeipa({ base: PEOPLE_DN, expiredPasswords: 'accept' }));

    expect(await logIn(backend, 'overdue', PASSWORD)).toMatchObject({ kind: 'authenticated' });
  });

  it('ends refresh tokens', async () => {
    await using backend = await createLdap(freeipa());
    await using accepting = await createLdap(freeipa({ base: PEOPLE_DN, expiredPasswords: 'accept' }));
    const outcome = await logIn(accepting, 'overdue', PASSWORD);
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
