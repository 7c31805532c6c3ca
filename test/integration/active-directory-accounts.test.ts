/** Accounts, password policies and names of a real Active Directory domain controller (Samba). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineIn } from '../../src/core/deadline.ts';
import type { AuthnOutcome, Step } from '../../src/core/ports.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createDomainBackend } from '../support/domain-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { logIn, plainGroups } from '../support/ldap-backend.ts';
import { AD_ADMIN, AD_BASE_DN, AD_GROUPS_DN, AD_PEOPLE_DN, AD_SERVICE } from '../support/samba.ts';
import { addLockoutPolicy, canRunSamba, DOMAIN, REALM, startSamba, UAC } from '../support/samba.ts';
import type { Samba } from '../support/samba.ts';

const absent = !canRunSamba();
const PASSWORD = 'Binds-with-this-1';
const resultOf = (outcome: AuthnOutcome): string => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind);
const nameOf = (outcome: AuthnOutcome): string =>
  outcome.kind === 'authenticated' ? outcome.identity.username : resultOf(outcome);

describe.skipIf(absent)('an account of Active Directory whose password was never set', () => {
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  beforeAll(async () => {
    samba = resources.use(await startSamba());
    const flags = { service: UAC.normal | UAC.neverExpires, person: UAC.normal };
    for (const [name, value] of Object.entries(flags)) {
      await samba.addUser(name, PASSWORD, { attributes: { userAccountControl: String(value), pwdLastSet: '0' } });
    }
  });
  afterAll(() => resources.disposeAsync());

  it.each([
    ['service', 'accepted', 'authenticated'],
    ['person', 'data 773', 'must-change-password'],
  ])('gets the answer of the controller for the account %s', async (name, answer, expected) => {
    await using backend = await createDomainBackend(samba);

    expect(await samba.bindAs(`CN=${name},${AD_PEOPLE_DN}`, PASSWORD)).toContain(answer);
    expect(resultOf(await logIn(backend, name, PASSWORD))).toBe(expected);
  });

  it('keeps the refresh tokens of an account whose password never expires', async () => {
    await using backend = await createDomainBackend(samba);
    const outcome = await logIn(backend, 'service', PASSWORD);
    if (outcome.kind !== 'authenticated') throw new Error(resultOf(outcome));
    const account = { login: 'service', subject: outcome.identity.subject ?? '' };

    expect(await backend.revalidate?.(account, deadlineIn(realClock, 8000))).toMatchObject({ kind: 'authenticated' });
  });
});

describe.skipIf(absent)('an account of Active Directory with a password settings object (PSO)', () => {
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  const SETTINGS = `CN=Password Settings Container,CN=System,${AD_BASE_DN}`;
  const admin: LdapInput = { bind: { dn: AD_ADMIN.dn, password: { env: 'LDAP_PASSWORD' } } };

  beforeAll(async () => {
    samba = resources.use(await startSamba());
    await addLockoutPolicy(samba, { name: 'Strict', threshold: 3, precedence: 1 });
    await addLockoutPolicy(samba, { name: 'Open', threshold: 0, precedence: 2 });
  });
  afterAll(() => resources.disposeAsync());

  async function addTo(pso: 'Strict' | 'Open', name: string): Promise<string> {
    const dn = await samba.addUser(name, PASSWORD);
    const settings = `CN=${pso},${SETTINGS}`;
    const { 'msDS-PSOAppliesTo': others = '' } = await samba.read(settings, 'msDS-PSOAppliesTo');
    await samba.replace(settings, { 'msDS-PSOAppliesTo': [...(others === 'undefined' ? [] : [others]), dn] });
    return dn;
  }

  it('is not locked by wrong passwords where the PSO locks and the domain does not', async () => {
    const dn = await addTo('Strict', 'strict');
    await using backend = await createDomainBackend(samba, admin, recordingLog(), AD_ADMIN.password);

    const results = [];
    for (const guess of ['bad-1', 'bad-2', 'bad-3', 'bad-4'])
      results.push(resultOf(await logIn(backend, 'strict', guess)));

    expect(results).toEqual(['wrong-password', 'wrong-password', 'too-many-attempts', 'too-many-attempts']);
    expect(await samba.read(dn, 'badPwdCount', 'lockoutTime')).toMatchObject({ badPwdCount: '2' });
    expect(await samba.bindAs(dn, PASSWORD)).toBe('accepted');
  });

  it('may try as often as the PSO allows where the domain locks earlier', async () => {
    await addTo('Open', 'open');
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '2' });
    await using backend = await createDomainBackend(samba, admin, recordingLog(), AD_ADMIN.password);

    for (const guess of ['bad-1', 'bad-2', 'bad-3']) {
      expect(resultOf(await logIn(backend, 'open', guess))).toBe('wrong-password');
    }
    expect(resultOf(await logIn(backend, 'open', PASSWORD))).toBe('authenticated');
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '0' });
  });

  it('falls back to the values of the domain where the PSO cannot be read, and the diagnosis says so', async () => {
    await using backend = await createDomainBackend(samba);
    await using asAdmin = await createDomainBackend(samba, admin, recordingLog(), AD_ADMIN.password);
    const texts = async (of: typeof backend): Promise<string> => {
      const steps: Step[] = [];
      await of.diagnose?.(undefined, deadlineIn(realClock, 8000), (step) => void steps.push(step));
      return steps.map(({ text }) => text).join('\n');
    };

    expect(await texts(backend)).toContain('reads no password settings object (PSO)');
    expect(await texts(asAdmin)).toContain('reads 2 password settings objects (PSO)');
  });
});

describe.skipIf(absent)('names of Active Directory without a DN', () => {
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  beforeAll(async () => {
    samba = resources.use(await startSamba());
    await samba.addUser('alice', PASSWORD);
    // The explicit name of bob differs from his implicit names.
    await samba.addUser('bob', PASSWORD, { attributes: { userPrincipalName: 'bob.smith@corp.example' } });
    // The explicit name of eve begins like the account name of mallory.
    await samba.addUser('eve', 'Binds-as-eve-2', { attributes: { userPrincipalName: 'mallory@corp.example' } });
    await samba.addUser('mallory', PASSWORD, { attributes: { userPrincipalName: 'm@corp.example' } });
    await samba.addGroup('team-web', [`CN=alice,${AD_PEOPLE_DN}`]);
  });
  afterAll(() => resources.disposeAsync());

  const bindAs = (dn: string): LdapInput => ({ bind: { dn, password: { env: 'LDAP_PASSWORD' } } });
  const templateOf = (template: string): LdapInput => ({ users: { base: AD_PEOPLE_DN, template }, bind: undefined });

  it.each([`svc-registry@${REALM}`, `${DOMAIN}\\svc-registry`, AD_SERVICE.dn])(
    'let the service account bind as %s',
    async (dn) => {
      await using backend = await createDomainBackend(samba, bindAs(dn));

      expect(nameOf(await logIn(backend, 'alice', PASSWORD))).toBe('alice');
    },
  );

  it.each([`{login}@${REALM}`, `{login}@${DOMAIN}`, `${DOMAIN}\\{login}`])(
    'let users bind without a service account by the template %s',
    async (template) => {
      await using backend = await createDomainBackend(samba, templateOf(template));
      const outcome = await logIn(backend, 'alice', PASSWORD);

      expect(nameOf(outcome)).toBe('alice');
      expect(outcome.kind === 'authenticated' ? plainGroups(outcome.identity) : []).toEqual(['team-web']);
      expect(nameOf(await logIn(backend, 'bob', PASSWORD))).toBe('bob');
      expect(nameOf(await logIn(backend, 'alice', 'wrong'))).toBe('wrong-password');
      expect(nameOf(await logIn(backend, 'alice@other.test', PASSWORD))).toBe('unknown-user');
    },
  );

  it('give the user whom the controller accepted, and never another with the same name', async () => {
    await using backend = await createDomainBackend(samba, templateOf('{login}@corp.example'));

    expect(nameOf(await logIn(backend, 'mallory', 'Binds-as-eve-2'))).toBe('eve');
    expect(nameOf(await logIn(backend, 'mallory', PASSWORD))).toBe('wrong-password');
  });

  it.each([true, false])('find implicit names (users.domain configured: %s)', async (isConfigured) => {
    const users = { base: AD_PEOPLE_DN, ...(isConfigured ? { domain: DOMAIN } : {}) };
    await using backend = await createDomainBackend(samba, { users });

    for (const login of [`bob@${REALM}`, `bob@${REALM.toUpperCase()}`, `bob@${DOMAIN}`, `${DOMAIN}\\bob`, 'bob']) {
      expect({ login, name: nameOf(await logIn(backend, login, PASSWORD)) }).toEqual({ login, name: 'bob' });
    }
    expect(nameOf(await logIn(backend, 'bob.smith@corp.example', PASSWORD))).toBe('bob');
    expect(nameOf(await logIn(backend, 'bob@other.test', PASSWORD))).toBe('unknown-user');
    expect(nameOf(await logIn(backend, 'OTHER\\bob', PASSWORD))).toBe('unknown-user');
    expect(nameOf(await logIn(backend, 'mallory@corp.example', 'Binds-as-eve-2'))).toBe('eve');
    expect(nameOf(await logIn(backend, `mallory@${REALM}`, PASSWORD))).toBe('mallory');
  });

  it('are found in the whole forest through the global catalog with empty bases', async () => {
    await using backend = await createDomainBackend(samba, {
      urls: [`${samba.ldapsUrl}:3269`],
      users: { base: '' },
      groups: { base: '' },
    });
    const outcome = await logIn(backend, 'alice', PASSWORD);

    expect(outcome).toMatchObject({ kind: 'authenticated' });
    expect(outcome.kind === 'authenticated' ? [...outcome.identity.groups] : []).toContain(
      `cn=team-web,${AD_GROUPS_DN}`.toLowerCase(),
    );
  });
});
