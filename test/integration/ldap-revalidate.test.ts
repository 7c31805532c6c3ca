import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { realClock } from '../support/fakes.ts';
import { createLdap, identityOf, logIn, plainGroups } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { GROUPS_DN, PEOPLE_DN, personDn, personLdif } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const PASSWORD = 'revalidated-account-1';
const PEOPLE = ['gone', 'renamed', 'replaced', 'locked', 'resetting', 'moving', 'steady'] as const;
type Person = (typeof PEOPLE)[number];

const person = (uid: string): string => personLdif(uid, PASSWORD);

describe.skipIf(absent)('revalidation of accounts of OpenLDAP', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ databaseConfig: 'overlay ppolicy', ldif: PEOPLE.map(person).join('') });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const open = (input: LdapInput = {}): Promise<Authenticator> => createLdap({ urls: [slapd.url], ...input });

  /** Logs a user in. @returns a function that revalidates the account */
  async function loggedIn(backend: Authenticator, login: Person): Promise<() => Promise<AuthnOutcome | undefined>> {
    const { subject = '' } = await identityOf(backend, { username: login, password: PASSWORD });
    return async () => backend.revalidate?.({ login, subject }, deadlineIn(realClock, 8000));
  }

  it('reads the current groups of an account, and sends no password', async () => {
    await using backend = await open();
    const revalidate = await loggedIn(backend, 'moving');
    const before = (await slapd.settled()).binds.length;

    await slapd.change(
      `dn: cn=team-web,${GROUPS_DN}\nchangetype: modify\nadd: member\nmember: ${personDn('moving')}\n`,
    );
    const outcome = await revalidate();

    expect(outcome?.kind === 'authenticated' && plainGroups(outcome.identity)).toEqual(['team-web']);
    const binds = (await slapd.settled()).binds.slice(before);
    expect(binds.filter((dn) => dn.startsWith('uid='))).toEqual([]);
  });

  it.each<[string, Person, () => string, AuthnOutcome]>([
    ['was deleted', 'gone', () => `dn: ${personDn('gone')}\nchangetype: delete\n`, { kind: 'unknown-user' }],
    [
      'has another name',
      'renamed',
      () => `dn: ${personDn('renamed')}\nchangetype: modrdn\nnewrdn: uid=newname\ndeleteoldrdn: 1\n`,
      { kind: 'unknown-user' },
    ],
    [
      'was deleted and created again with the same name and DN',
      'replaced',
      () => `dn: ${personDn('replaced')}\nchangetype: delete\n${person('replaced')}`,
      { kind: 'unknown-user' },
    ],
    [
      'was locked by an administrator',
      'locked',
      () =>
        `dn: ${personDn('locked')}\nchangetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n`,
      { kind: 'rejected', reason: 'locked' },
    ],
    [
      'must change the password',
      'resetting',
      () => `dn: ${personDn('resetting')}\nchangetype: modify\nreplace: pwdReset\npwdReset: TRUE\n`,
      { kind: 'rejected', reason: 'must-change-password' },
    ],
  ])('refuses an account that %s', async (_what, login, change, expected) => {
    await using backend = await open();
    const revalidate = await loggedIn(backend, login);
    const before = await revalidate();

    await slapd.change(change());

    expect(before?.kind).toBe('authenticated');
    expect(await revalidate()).toEqual(expected);
  });

  it('does not affect a login with the password of a new account of the same name', async () => {
    await using backend = await open();

    expect((await logIn(backend, 'replaced', PASSWORD)).kind).toBe('authenticated');
  });

  it('fails as an outage while the directory is down, and works again after it', async () => {
    await using backend = await open();
    const revalidate = await loggedIn(backend, 'steady');

    await slapd.stop();
    const down = await revalidate().catch((error: unknown) => error);
    await slapd.start();

    expect(down).toMatchObject({ code: 'backend_unavailable' });
    await expect
      .poll(async () => (await revalidate().catch(() => undefined))?.kind, { timeout: 40_000 })
      .toBe('authenticated');
  });

  it('finds an account by the login as it was typed, with a domain before it', async () => {
    await using backend = await open({ users: { base: PEOPLE_DN, domain: 'CORP' } });
    const { subject = '' } = await identityOf(backend, { username: 'CORP\\steady', password: PASSWORD });

    const outcome = await backend.revalidate?.({ login: 'CORP\\steady', subject }, deadlineIn(realClock, 8000));

    expect(outcome).toMatchObject({ kind: 'authenticated', identity: { username: 'steady' } });
  });

  it('works with a DN template when there is a service account, and is not offered without one', async () => {
    const template = `uid={login},${PEOPLE_DN}`;
    await using reading = await open({ users: { template } });
    await using binding = await open({ users: { template }, bind: undefined });

    const revalidate = await loggedIn(reading, 'steady');

    expect(await revalidate()).toMatchObject({ kind: 'authenticated', identity: { username: 'steady' } });
    expect('revalidate' in binding).toBe(false);
  });
});
