import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ldapConfig } from '../../src/backends/ldap/config/config.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator, Step } from '../../src/core/ports.ts';
import { authenticatorContract } from '../contract/authenticator.ts';
import { canRun389ds, start389ds } from '../support/389ds.ts';
import type { Directory389 } from '../support/389ds.ts';
import { startBroker } from '../support/broker.ts';
import { realClock } from '../support/fakes.ts';
import { createLdap, identityOf, ldapTraits, logIn, plainGroups } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { GROUPS_DN, PEOPLE, PEOPLE_DN, personDn, personLdif, SERVICE } from '../support/slapd-entries.ts';
import { waitFor } from '../support/wait.ts';

const absent = !canRun389ds();
const { alice, bob, carol } = PEOPLE;
const PASSWORD = 'binds-to-389-with-this';
const person = (uid: string, lines?: string): string => personLdif(uid, PASSWORD, lines);
const lockout = (state: 'on' | 'off'): string => `
dn: cn=config
changetype: modify
replace: passwordLockout
passwordLockout: ${state}
-
replace: passwordMaxFailure
passwordMaxFailure: 3
`;
const ENTRIES = `${person('dora', 'nsAccountLock: TRUE')}${person('lou')}${person('luke')}
dn: cn=Doe\\, Erin (ext)\\+x,${PEOPLE_DN}
objectClass: inetOrgPerson
uid: erin
cn: Doe, Erin (ext)+x
sn: Doe
userPassword: ${PASSWORD}

dn: cn=inner,${GROUPS_DN}
objectClass: groupOfNames
member: ${carol.dn}

dn: cn=outer,${GROUPS_DN}
objectClass: groupOfNames
member: cn=inner,${GROUPS_DN}
`;

describe.skipIf(absent)('acceptance 13: the ldap backend on 389 Directory Server', () => {
  let server: Directory389;
  beforeAll(async () => {
    server = await start389ds();
    await server.change(ENTRIES);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const bySearch = (): LdapInput => ({ preset: '389ds', urls: [server.url] });
  /** Reads nothing before the bind, so that the answer to the bind decides. */
  const byTemplate = (): LdapInput => ({
    preset: '389ds',
    urls: [server.url],
    users: { template: personDn('{login}') },
    bind: undefined,
  });

  for (const [method, input] of [
    ['search and bind', bySearch],
    ['a template', byTemplate],
  ] as const) {
    authenticatorContract(`ldap on 389 Directory Server, ${method}`, async () => ({
      create: ({ clock, log }) => createLdap(input(), { clock, log }),
      traits: ldapTraits(input()),
      known: { ...alice, groups: ['team-web', `cn=team-web,${GROUPS_DN}`] },
      other: bob,
      attempts: 'none',
    }));
  }

  /** The result codes of all binds as this entry, in order. The server logs an answer after it has sent it. */
  function bindCodes(uid: string): Promise<readonly string[]> {
    return waitFor('the answers in the log', async () => {
      const log = await server.log();
      const binds = [...log.matchAll(new RegExp(`(conn=\\d+ op=\\d+) BIND dn="${personDn(uid)}"`, 'g'))];
      const codes = binds.map(([, operation]) => new RegExp(`${operation} RESULT err=(\\d+)`).exec(log)?.[1]);
      return codes.every((code) => code !== undefined) ? codes : undefined;
    });
  }

  it('acceptance 13: rejects an inactivated account (nsAccountLock) by its entry, and by result 53 of the bind', async () => {
    await using searching = await createLdap(bySearch());
    await using binding = await createLdap(byTemplate());

    expect(await logIn(searching, 'dora', PASSWORD)).toEqual({ kind: 'rejected', reason: 'disabled' });
    expect(await bindCodes('dora')).toEqual([]);
    expect(await logIn(binding, 'dora', PASSWORD)).toEqual({ kind: 'rejected', reason: 'disabled' });
    expect(await bindCodes('dora')).toEqual(['53']);
  });

  it('acceptance 13: rejects an account with too many wrong passwords by its entry, and by result 19 of the bind', async () => {
    await using searching = await createLdap(bySearch());
    await using binding = await createLdap(byTemplate());
    const guess = async (to: Authenticator, uid: string): Promise<void> => {
      for (const password of ['one', 'two', 'three']) await logIn(to, uid, password);
    };
    await server.change(lockout('on'));
    onTestFinished(() => server.change(lockout('off')));

    const before = await logIn(searching, 'lou', PASSWORD);
    await guess(searching, 'lou');
    await guess(binding, 'luke');

    expect(before.kind).toBe('authenticated');
    expect(await logIn(searching, 'lou', PASSWORD)).toEqual({ kind: 'rejected', reason: 'locked' });
    expect((await bindCodes('lou')).length).toBe(4);
    expect(await logIn(binding, 'luke', PASSWORD)).toEqual({ kind: 'rejected', reason: 'locked' });
    expect((await bindCodes('luke')).at(-1)).toBe('19');
  });

  it('acceptance 13: rejects a user who must change the password, although the server accepts the bind', async () => {
    const mustChange = (state: 'on' | 'off'): Promise<void> =>
      server.change(`dn: cn=config\nchangetype: modify\nreplace: passwordMustChange\npasswordMustChange: ${state}\n`);
    await using backend = await createLdap(bySearch());
    await mustChange('on');
    onTestFinished(() => mustChange('off'));
    await server.change(person('mia'));

    expect(await logIn(backend, 'mia', PASSWORD)).toEqual({ kind: 'rejected', reason: 'must-change-password' });
    expect(await bindCodes('mia')).toEqual(['0']);
    expect(await logIn(backend, 'mia', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
  });

  it.each<[string, LdapInput['groups']]>([
    ['memberOf, which a plug-in of the server maintains', { base: GROUPS_DN, from: 'memberOf', nested: 'off' }],
    ['member, level by level', { base: GROUPS_DN, from: 'member' }],
  ])('acceptance 13: finds groups, and groups of groups, by %s', async (_way, groups) => {
    await using backend = await createLdap({ ...bySearch(), groups });

    expect(plainGroups(await identityOf(backend, alice))).toEqual(['team-web']);
    expect(plainGroups(await identityOf(backend, carol))).toEqual(['inner', 'outer']);
  });

  it('acceptance 13: identifies a user by nsUniqueId, which does not change with the name', async () => {
    await using backend = await createLdap(bySearch());
    const subjects: string[] = [];
    const guard = {
      beforeAttempt: async (subject: string) => {
        subjects.push(subject);
        return undefined;
      },
    };
    const attempt = (username: string) =>
      backend.authenticate({ username, password: new Secret(PASSWORD) }, deadlineIn(realClock, 8000), guard);

    const before = await attempt('erin');
    await server.change(
      `dn: cn=Doe\\, Erin (ext)\\+x,${PEOPLE_DN}\nchangetype: modrdn\nnewrdn: cn=Erin\ndeleteoldrdn: 1\n`,
    );
    const after = await attempt('ERIN');

    expect([before.kind, after.kind]).toEqual(['authenticated', 'authenticated']);
    expect(subjects[0]).toMatch(/^id [0-9a-f]+$/);
    expect(Buffer.from(subjects[0]?.slice(3) ?? '', 'hex').toString()).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{8}){3}$/);
    expect(subjects[1]).toBe(subjects[0]);
  });

  describe('groups.nested values that need Active Directory', () => {
    it.each(['inChain', 'tokenGroups'] as const)(
      'acceptance 13: rejects a configuration of 389 Directory Server with nested: %s',
      (nested) => {
        const result = ldapConfig.safeParse({
          type: 'ldap',
          name: 'corp',
          preset: '389ds',
          urls: [server.url],
          users: { base: PEOPLE_DN },
          groups: { base: GROUPS_DN, nested },
        });

        expect(result.error?.issues.map(({ path }) => path.join('.'))).toEqual(['groups.nested']);
      },
    );

    it.each(['inChain', 'tokenGroups'] as const)(
      'acceptance 13: reports nested: %s in the check and fails logins as an outage when the preset is wrong',
      async (nested) => {
        await using backend = await createLdap({
          preset: 'active-directory',
          urls: [server.url],
          users: {
            base: PEOPLE_DN,
            filter: '(objectClass=person)',
            loginAttributes: ['uid'],
            usernameAttribute: 'uid',
          },
          groups: { base: GROUPS_DN, nested },
        });
        const steps: Step[] = [];

        await backend.diagnose?.(undefined, deadlineIn(realClock, 8000), (step) => void steps.push(step));

        expect(steps.filter(({ ok }) => !ok).map(({ text }) => text)).toEqual([
          `${server.url}: the server is not Active Directory, which groups.nested: ${nested} needs; use levels`,
        ]);
        await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject({ code: 'backend_unavailable' });
      },
    );
  });

  it('acceptance 13: answers 401 or a token over HTTP, and logs the reason', async () => {
    await using broker = await startBroker({
      config: {
        services: { registry: {} },
        backends: [
          {
            name: 'corp',
            type: 'ldap',
            preset: '389ds',
            urls: [server.url],
            bind: { dn: SERVICE.dn, password: { env: 'LDAP_PASSWORD' } },
            users: { base: PEOPLE_DN },
          },
        ],
        policy: 'policy.yaml',
      },
      files: { 'policy.yaml': 'rules: [{ name: all, users: ["*"], repositories: ["**"], allow: [pull] }]' },
      env: { LDAP_PASSWORD: SERVICE.password },
    });

    const good = await broker.token('service=registry', { user: 'alice', password: alice.password });
    const inactive = await broker.token('service=registry', { user: 'dora', password: PASSWORD });

    expect([good.status, inactive.status]).toEqual([200, 401]);
    await broker.waitForLine((line) => JSON.stringify(line).includes('"disabled"'));
  });
});
