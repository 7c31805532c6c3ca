/** Accounts of a real Active Directory domain controller (Samba's), looked at again without a password. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { createDomainBackend } from '../support/domain-backend.ts';
import { realClock } from '../support/fakes.ts';
import { identityOf, plainGroups } from '../support/ldap-backend.ts';
import { AD_PEOPLE_DN, canRunSamba, DOMAIN, startSamba, UAC } from '../support/samba.ts';
import type { Samba } from '../support/samba.ts';

const PASSWORD = 'Looked-at-again-1';

describe.skipIf(!canRunSamba())('accounts of Active Directory, looked at again', () => {
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  let backend: Authenticator;
  beforeAll(async () => {
    samba = resources.use(await startSamba());
    backend = resources.use(await createDomainBackend(samba));
  }, 60_000);
  afterAll(() => resources.disposeAsync());

  /** Makes somebody and logs them in. @returns their DN, and what looks at them again */
  async function somebody(name: string, typed = name) {
    const dn = await samba.addUser(name, PASSWORD);
    const { subject = '' } = await identityOf(backend, { username: typed, password: PASSWORD });
    const again = async (): Promise<AuthnOutcome | undefined> =>
      backend.revalidate?.({ login: typed, subject }, deadlineIn(realClock, 8000));
    return { dn, again };
  }

  it.each<[string, string, (dn: string) => Promise<void>, AuthnOutcome]>([
    [
      'disabled',
      'dora',
      (dn) => samba.replace(dn, { userAccountControl: String(UAC.normal | UAC.disabled) }),
      { kind: 'rejected', reason: 'disabled' },
    ],
    [
      'over',
      'otto',
      // 2020, counted in 100 ns since 1601.
      (dn) => samba.replace(dn, { accountExpires: '132223104000000000' }),
      { kind: 'rejected', reason: 'expired' },
    ],
    [
      'told to change the password',
      'resi',
      (dn) => samba.replace(dn, { userAccountControl: String(UAC.normal), pwdLastSet: '0' }),
      { kind: 'rejected', reason: 'must-change-password' },
    ],
    ['removed', 'rosa', (dn) => samba.remove(dn), { kind: 'unknown-user' }],
    [
      'given another name',
      'nina',
      (dn) => samba.replace(dn, { sAMAccountName: 'nina.married' }),
      { kind: 'unknown-user' },
    ],
    [
      'made anew under the old name',
      'nora',
      async (dn) => {
        await samba.remove(dn);
        await samba.addUser('nora', PASSWORD);
      },
      { kind: 'unknown-user' },
    ],
  ])('are refused when they are %s', async (_what, name, change, expected) => {
    const { dn, again } = await somebody(name);
    const before = await again();

    await change(dn);

    expect(before).toMatchObject({ kind: 'authenticated', identity: { username: name } });
    expect(await again()).toEqual(expected);
  });

  it('stay the same when they are moved, and have the groups they have now', async () => {
    const { dn, again } = await somebody('mona', `${DOMAIN}\\mona`);
    const moved = `CN=mona moved,${AD_PEOPLE_DN}`;

    await samba.rename(dn, moved);
    await samba.addGroup('team-moved', [moved]);
    const outcome = await again();

    if (outcome?.kind !== 'authenticated') throw new Error('she was not found again');
    expect(outcome.identity.username).toBe('mona');
    expect(plainGroups(outcome.identity)).toContain('team-moved');
  });
});
