import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { realClock } from '../support/fakes.ts';
import { createLdap, identityOf, logIn, plainGroups } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { findPart } from '../support/parts.ts';
import { GROUPS_DN, PEOPLE_DN } from '../support/slapd-entries.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = findPart(SLAPD) === undefined || findPart(LDAPADD) === undefined;
const PASSWORD = 'looked-at-again-1';
const PEOPLE = ['gone', 'renamed', 'replaced', 'locked', 'resetting', 'moving', 'steady'] as const;
type Person = (typeof PEOPLE)[number];

const dnOf = (uid: string): string => `uid=${uid},${PEOPLE_DN}`;
const person = (uid: string): string => `
dn: ${dnOf(uid)}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
userPassword: ${PASSWORD}
`;

describe.skipIf(absent)('accounts of a directory, looked at again', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ databaseConfig: 'overlay ppolicy', ldif: PEOPLE.map(person).join('') });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const open = (input: LdapInput = {}): Promise<Authenticator> => createLdap({ urls: [slapd.url], ...input });

  /** Logs somebody in, and gives what looks at them again. */
  async function known(backend: Authenticator, login: Person): Promise<() => Promise<AuthnOutcome | undefined>> {
    const { subject = '' } = await identityOf(backend, { username: login, password: PASSWORD });
    return async () => backend.revalidate?.({ login, subject }, deadlineIn(realClock, 8000));
  }

  it('have the groups they have now, and no password is sent for them', async () => {
    await using backend = await open();
    const again = await known(backend, 'moving');
    const before = (await slapd.settled()).binds.length;

    await slapd.change(`dn: cn=team-web,${GROUPS_DN}\nchangetype: modify\nadd: member\nmember: ${dnOf('moving')}\n`);
    const outcome = await again();

    expect(outcome?.kind === 'authenticated' && plainGroups(outcome.identity)).toEqual(['team-web']);
    const binds = (await slapd.settled()).binds.slice(before);
    expect(binds.filter((dn) => dn.startsWith('uid='))).toEqual([]);
  });

  it.each<[string, Person, () => string, AuthnOutcome]>([
    ['have gone', 'gone', () => `dn: ${dnOf('gone')}\nchangetype: delete\n`, { kind: 'unknown-user' }],
    [
      'have another name',
      'renamed',
      () => `dn: ${dnOf('renamed')}\nchangetype: modrdn\nnewrdn: uid=newname\ndeleteoldrdn: 1\n`,
      { kind: 'unknown-user' },
    ],
    [
      'were made anew under the old name and the old DN',
      'replaced',
      () => `dn: ${dnOf('replaced')}\nchangetype: delete\n${person('replaced')}`,
      { kind: 'unknown-user' },
    ],
    [
      'are locked by an administrator',
      'locked',
      () =>
        `dn: ${dnOf('locked')}\nchangetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n`,
      { kind: 'rejected', reason: 'locked' },
    ],
    [
      'must change their password',
      'resetting',
      () => `dn: ${dnOf('resetting')}\nchangetype: modify\nreplace: pwdReset\npwdReset: TRUE\n`,
      { kind: 'rejected', reason: 'must-change-password' },
    ],
  ])('are refused when they %s', async (_what, login, change, expected) => {
    await using backend = await open();
    const again = await known(backend, login);
    const before = await again();

    await slapd.change(change());

    expect(before?.kind).toBe('authenticated');
    expect(await again()).toEqual(expected);
  });

  it('let the new one of the same name in with the password', async () => {
    await using backend = await open();

    expect((await logIn(backend, 'replaced', PASSWORD)).kind).toBe('authenticated');
  });

  it('are an outage while the directory is down, and are there again with it', async () => {
    await using backend = await open();
    const again = await known(backend, 'steady');

    await slapd.stop();
    const down = await again().catch((error: unknown) => error);
    await slapd.start();

    expect(down).toMatchObject({ code: 'backend_unavailable' });
    await expect
      .poll(async () => (await again().catch(() => undefined))?.kind, { timeout: 40_000 })
      .toBe('authenticated');
  });

  it('are found by the name that was typed, with the domain before it', async () => {
    await using backend = await open({ users: { base: PEOPLE_DN, domain: 'CORP' } });
    const { subject = '' } = await identityOf(backend, { username: 'CORP\\steady', password: PASSWORD });

    const outcome = await backend.revalidate?.({ login: 'CORP\\steady', subject }, deadlineIn(realClock, 8000));

    expect(outcome).toMatchObject({ kind: 'authenticated', identity: { username: 'steady' } });
  });

  it('can be looked at with a template for their DN where there is a service account, and not without', async () => {
    const template = `uid={login},${PEOPLE_DN}`;
    await using reading = await open({ users: { template } });
    await using binding = await open({ users: { template }, bind: undefined });

    const again = await known(reading, 'steady');

    expect(await again()).toMatchObject({ kind: 'authenticated', identity: { username: 'steady' } });
    expect('revalidate' in binding).toBe(false);
  });
});
