/** Logins at a real Active Directory domain controller (Samba's). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { createDomainBackend } from '../support/domain-backend.ts';
import { identityOf, logIn } from '../support/ldap-backend.ts';
import { AD_BASE_DN, AD_PEOPLE_DN, canRunSamba, DOMAIN, REALM, startSamba, UAC } from '../support/samba.ts';
import type { AdUser, Samba } from '../support/samba.ts';

const PASSWORD = 'Binds-with-this-1';
const absent = !canRunSamba();

const word = (outcome: AuthnOutcome): string => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind);

/** Seconds since 1970 as Active Directory counts time. */
const fileTime = (seconds: number): string => String((BigInt(seconds) + 11_644_473_600n) * 10_000_000n);
const NO_HOURS = Buffer.alloc(21);

describe.skipIf(absent)('acceptance 1: an account of Active Directory', () => {
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  let backend: Authenticator;

  /** What is wrong with an account, what the server says to the right password, and what we do. */
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
  }, 60_000);
  afterAll(() => resources.disposeAsync());

  const dnOf = (name: string): string => `CN=${name},${AD_PEOPLE_DN}`;

  it.each(['alice', 'ALICE', `alice@${REALM}`, `Alice@${REALM.toUpperCase()}`, `${DOMAIN}\\alice`, 'example\\ALICE'])(
    'logs in as %s, and is alice',
    async (typed) => {
      expect(await logIn(backend, typed, PASSWORD)).toMatchObject({
        kind: 'authenticated',
        identity: { username: 'alice' },
      });
    },
  );

  it.each(['OTHER\\alice', 'alice@other.test', `${DOMAIN}\\`, `CN=alice,${AD_PEOPLE_DN}`])(
    'is not meant by %s',
    async (typed) => {
      expect(await logIn(backend, typed, PASSWORD)).toEqual({ kind: 'unknown-user' });
    },
  );

  it('is refused with a wrong password (52e)', async () => {
    expect(await samba.bindAs(dnOf('alice'), 'wrong')).toContain('data 52e');
    expect(word(await logIn(backend, 'alice', 'wrong'))).toBe('wrong-password');
  });

  it.each(STATES)('that is %s is refused with the right password (%s) as %s', async (name, data, reason) => {
    expect(await samba.bindAs(dnOf(name), PASSWORD)).toContain(`data ${data}`);
    expect(word(await logIn(backend, name, PASSWORD))).toBe(reason);
  });

  it.each(STATES)('that is %s is refused the same (%s, %s) where only the bind tells', async (name, _data, reason) => {
    await using direct = await createDomainBackend(samba, {
      users: { template: `CN={login},${AD_PEOPLE_DN}` },
      groups: undefined,
      bind: undefined,
    });

    expect(word(await logIn(direct, name, PASSWORD))).toBe(reason);
  });

  it.each(['disabled', 'left', 'locked'])('that is %s spends no attempt', async (name) => {
    const before = await samba.read(dnOf(name), 'badPwdCount');

    await logIn(backend, name, 'wrong');

    expect(await samba.read(dnOf(name), 'badPwdCount')).toEqual(before);
  });
});

describe.skipIf(absent)('acceptance 5: names that mean something to a filter or a DN, at Active Directory', () => {
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
  }, 60_000);
  afterAll(() => resources.disposeAsync());

  it.each([
    ['jdoe', 'jdoe'],
    ['spaced', 'spaced'],
    [JOSE, JOSE],
    ['jose\u0301', JOSE],
  ])('find %j, with its groups and theirs', async (typed, name) => {
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
  ])('are never anybody else: %j', async (typed) => {
    expect(await logIn(backend, typed, PASSWORD)).toEqual({ kind: 'unknown-user' });
  });

  it('are alice where they mean alice', async () => {
    expect(await logIn(backend, 'alice', PASSWORD)).toMatchObject({ identity: { username: 'alice' } });
  });
});

describe.skipIf(absent)('acceptance 9: Active Directory that wants an encrypted connection', () => {
  it('is an outage that says so, not a wrong password, and the twin over TLS works', async () => {
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
  }, 60_000);
});
