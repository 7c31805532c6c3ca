/** Revalidation of accounts of a real Active Directory domain controller (Samba). */
import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { createDomainBackend } from '../support/domain-backend.ts';
import { realClock } from '../support/fakes.ts';
import { identityOf, plainGroups } from '../support/ldap-backend.ts';
import { AD_PEOPLE_DN, canRunSamba, DOMAIN, startSamba, UAC } from '../support/samba.ts';
import type { Samba } from '../support/samba.ts';

const PASSWORD = 'Revalidated-1';

describe.skipIf(!canRunSamba())('revalidation of accounts of Active Directory', () => {
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  let backend: Authenticator;
  beforeAll(async () => {
    samba = resources.use(await startSamba());
    backend = resources.use(await createDomainBackend(samba));
  });
  afterAll(() => resources.disposeAsync());

  /** Creates a user and logs in. @returns the DN, and a function that revalidates the account */
  async function loggedInUser(name: string, typed = name) {
    const dn = await samba.addUser(name, PASSWORD);
    const { subject = '' } = await identityOf(backend, { username: typed, password: PASSWORD });
    const revalidate = async (): Promise<AuthnOutcome | undefined> =>
      backend.revalidate?.({ login: typed, subject }, deadlineIn(realClock, 8000));
    return { dn, revalidate };
  }

  it.each<[string, string, (dn: string) => Promise<void>, AuthnOutcome]>([
    [
      'disabled',
      'dora',
      (dn) => samba.replace(dn, { userAccountControl: String(UAC.normal | UAC.disabled) }),
      { kind: 'rejected', reason: 'disabled' },
    ],
    [
      'expired',
      'otto',
      // 2020, counted in 100 ns since 1601.
      (dn) => samba.replace(dn, { accountExpires: '132223104000000000' }),
      { kind: 'rejected', reason: 'expired' },
    ],
    [
      'required to change the password',
      'resi',
      (dn) => samba.replace(dn, { userAccountControl: String(UAC.normal), pwdLastSet: '0' }),
      { kind: 'rejected', reason: 'must-change-password' },
    ],
    ['deleted', 'rosa', (dn) => samba.remove(dn), { kind: 'unknown-user' }],
    [
      'given another name',
      'nina',
      (dn) => samba.replace(dn, { sAMAccountName: 'nina.married' }),
      { kind: 'unknown-user' },
    ],
    [
      'deleted and created again with the same name',
      'nora',
      async (dn) => {
        await samba.remove(dn);
        await samba.addUser('nora', PASSWORD);
      },
      { kind: 'unknown-user' },
    ],
  ])('refuses an account that is %s', async (_what, name, change, expected) => {
    const { dn, revalidate } = await loggedInUser(name);
    const before = await revalidate();

    await change(dn);

    expect(before).toMatchObject({ kind: 'authenticated', identity: { username: name } });
    expect(await revalidate()).toEqual(expected);
  });

  it('accepts an account that was moved, and reads its current groups', async () => {
    const { dn, revalidate } = await loggedInUser('mona', `${DOMAIN}\\mona`);
    const moved = `CN=mona moved,${AD_PEOPLE_DN}`;

    await samba.rename(dn, moved);
    await samba.addGroup('team-moved', [moved]);
    const outcome = await revalidate();

    if (outcome?.kind !== 'authenticated') throw new Error('the account was not found');
    expect(outcome.identity.username).toBe('mona');
    expect(plainGroups(outcome.identity)).toContain('team-moved');
  });
});
