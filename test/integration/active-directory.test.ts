/** Logins with a real Active Directory domain controller (Samba). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { createDomainBackend } from '../support/domain-backend.ts';
import { identityOf, logIn } from '../support/ldap-backend.ts';
import { AD_BASE_DN, AD_PEOPLE_DN, canRunSamba, DOMAIN, REALM, startSamba, UAC } from '../support/samba.ts';
import type { AdUser, Samba } from '../support/samba.ts';
import { testedLogin } from '../support/tested-login.ts';

const PASSWORD = 'Binds-with-this-1';
const absent = !canRunSamba();

const resultOf = (outcome: AuthnOutcome): string => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind);

/** Seconds since 1970 as Active Directory counts time. */
const fileTime = (seconds: number): string => String((BigInt(seconds) + 11_644_473_600n) * 10_000_000n);
const NO_HOURS = Buffer.alloc(21);

describe.skipIf(absent)('acceptance 1: an account of Active Directory', () => {
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  let backend: Authenticator;

  /** States of accounts, the sub-code of the server for the correct password, and the expected reason. */
  const STATES: readonly [name: string, data: string, reason: string, account: AdUser['attributes']][] = [
    ['off-hours', '530', 'not-now', { logonHours: NO_HOURS }],
    ['elsewhere', '531', 'not-now', { userWorkstations: 'ONLY-THIS-PC' }],
    ['disabled', '533', 'disabled', { userAccountControl: String(UAC.normal | UAC.disabled) }],
    ['left', '701', 'expired', { accountExpires: fileTime(1_600_000_000) }],
    ['new-here', '773', 'must-change-password', { pwdLastSet: '0', userAccountControl: String(UAC.normal) }],
    ['stale', '532', 'password-expired', { userAccountControl: String(UAC.normal) }],
    ['locked', '775', 'locked', {}],
  ];

  beforeAll(async () => {
    samba = resources.use(await startSamba());
    backend = resources.use(await createDomainBackend(samba));
    await samba.addUser('alice', PASSWORD);
    for (const [name, , , attributes = {}] of STATES) await samba.addUser(name, PASSWORD, { attributes });
    await samba.agePassword(dnOf('stale'));
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '2' });
    for (const guess of ['one', 'two']) await samba.bindAs(dnOf('locked'), guess);
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '0' });
  });
  afterAll(() => resources.disposeAsync());

  const dnOf = (name: string): string => `CN=${name},${AD_PEOPLE_DN}`;

  it.each(['alice', 'ALICE', `alice@${REALM}`, `Alice@${REALM.toUpperCase()}`, `${DOMAIN}\\alice`, 'example\\ALICE'])(
    'logs in as %s with the user name alice',
    async (typed) => {
      expect(await logIn(backend, typed, PASSWORD)).toMatchObject({
        kind: 'authenticated',
        identity: { username: 'alice' },
      });
    },
  );

  it.each(['OTHER\\alice', 'alice@other.test', `${DOMAIN}\\`, `CN=alice,${AD_PEOPLE_DN}`])(
    'does not find the user by the login %s',
    async (typed) => {
      expect(await logIn(backend, typed, PASSWORD)).toEqual({ kind: 'unknown-user' });
    },
  );

  it('rejects a wrong password (52e)', async () => {
    expect(await samba.bindAs(dnOf('alice'), 'wrong')).toContain('data 52e');
    expect(resultOf(await logIn(backend, 'alice', 'wrong'))).toBe('wrong-password');
  });

  it.each(STATES)('rejects the account %s with the correct password (%s) as %s', async (name, data, reason) => {
    expect(await samba.bindAs(dnOf(name), PASSWORD)).toContain(`data ${data}`);
    expect(resultOf(await logIn(backend, name, PASSWORD))).toBe(reason);
  });

  it.each(STATES)('rejects the account %s in the same way (%s, %s) by the bind alone', async (name, _data, reason) => {
    await using direct = await createDomainBackend(samba, {
      users: { template: `CN={login},${AD_PEOPLE_DN}` },
      groups: undefined,
      bind: undefined,
    });

    expect(resultOf(await logIn(direct, name, PASSWORD))).toBe(reason);
  });

  it.each([
    ['alice', 'authenticates alice'],
    ['disabled', 'cannot log in now: disabled; no password was sent'],
    ['locked', 'cannot log in now: locked; no password was sent'],
    ['stale', 'password-expired'],
  ])('shows the state of the account %s in a test of its login', async (name, expected) => {
    const steps = await testedLogin([backend])(name, PASSWORD);

    expect(steps.join('\n')).toContain(`finds ${dnOf(name)}`);
    expect(steps.join('\n')).toContain(expected);
  });

  it.each(['disabled', 'left', 'locked'])('uses no attempt for the account %s', async (name) => {
    const before = await samba.read(dnOf(name), 'badPwdCount');

    await logIn(backend, name, 'wrong');

    expect(await samba.read(dnOf(name), 'badPwdCount')).toEqual(before);
  });
});

describe.skipIf(absent)(
  'acceptance 5: user names with special characters of filters and DNs, in Active Directory',
  () => {
    const resources = new AsyncDisposableStack();
    let samba: Samba;
    let backend: Authenticator;
    const JOSE = 'josé';

    beforeAll(async () => {
      samba = resources.use(await startSamba());
      backend = resources.use(await createDomainBackend(samba));
      const john = await samba.addUser('jdoe', PASSWORD, { cn: 'Doe, John (ext)+x' });
      const spaced = await samba.addUser('spaced', PASSWORD, { cn: ' leading space' });
      const jose = await samba.addUser(JOSE, PASSWORD, { cn: 'José "Pepe" <x>; y' });
      await samba.addUser('alice', PASSWORD);
      await samba.addGroup('team, (one)', [john, spaced, jose], { sAMAccountName: 'team-one' });
      await samba.addGroup('all', [`CN=team\\, (one),OU=Groups,${AD_BASE_DN}`]);
    });
    afterAll(() => resources.disposeAsync());

    it.each([
      ['jdoe', 'jdoe'],
      ['spaced', 'spaced'],
      [JOSE, JOSE],
      ['jose\u0301', JOSE],
    ])('finds the user %j with groups and nested groups', async (typed, name) => {
      for (const nested of ['auto', 'inChain', 'levels'] as const) {
        await using one = await createDomainBackend(samba, { groups: { base: `OU=Groups,${AD_BASE_DN}`, nested } });
        const { username, groups } = await identityOf(one, { username: typed, password: PASSWORD });

        expect(username).toBe(name);
        expect([...groups]).toEqual(expect.arrayContaining(['team, (one)', 'all']));
      }
    });

    it.each([
      '*',
      'a*',
      'alice)(objectClass=*',
      'alice)(|(sAMAccountName=*',
      'al\0ice',
      '\0',
      ' ',
      'alice\\2a',
      '(alice)',
      'x'.repeat(300),
      '\ud800',
    ])('never finds another user by the login %j', async (typed) => {
      expect(await logIn(backend, typed, PASSWORD)).toEqual({ kind: 'unknown-user' });
    });

    it('finds alice by the login alice', async () => {
      expect(await logIn(backend, 'alice', PASSWORD)).toMatchObject({ identity: { username: 'alice' } });
    });
  },
);

describe.skipIf(absent)('acceptance 9: Active Directory that requires an encrypted connection', () => {
  it('fails as an outage without encryption and not as a wrong password, and works with StartTLS', async () => {
    await using samba = await startSamba();
    await samba.addUser('alice', PASSWORD);
    await using clear = await createDomainBackend(samba, { urls: [samba.url], tls: { mode: 'none' } });
    await using starttls = await createDomainBackend(samba, {
      urls: [samba.url],
      tls: { mode: 'starttls', caFile: samba.caFile, serverName: 'localhost' },
    });

    const refused = await logIn(clear, 'alice', PASSWORD).catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: 'backend_unavailable' });
    expect(String((refused as Error).cause)).toMatch(/encrypt|TLS/i);
    expect(await logIn(starttls, 'alice', PASSWORD)).toMatchObject({ kind: 'authenticated' });
  });
});
