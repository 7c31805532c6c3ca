/** The test login of administrators with OpenLDAP and a users file: its steps, and accounts that it must not lock. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { staticFile } from '../../src/backends/static-file/index.ts';
import { Secret } from '../../src/core/identity.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createLdap, logIn } from '../support/ldap-backend.ts';
import { BASE_DN, GROUPS_DN, PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { testedLogin } from '../support/tested-login.ts';
import { writtenFiles } from '../unit/config/written-files.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
const PASSWORD = 'opens-the-account-1';
const MAX = 4;
const NOTHING_LISTENS = 'ldap://127.0.0.1:1';

const person = (uid: string): string => `
dn: uid=${uid},${PEOPLE_DN}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
mail: ${uid}@example.org
userPassword: ${PASSWORD}
pwdPolicySubentry: cn=locking,ou=policies,${BASE_DN}
`;
/** A directory that locks an account at the fourth wrong password. */
const ENTRIES = `
dn: ou=policies,${BASE_DN}
objectClass: organizationalUnit
ou: policies

dn: cn=locking,ou=policies,${BASE_DN}
objectClass: organizationalRole
objectClass: pwdPolicy
cn: locking
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: ${MAX}
${person('lou')}${person('luke')}`;

describe.skipIf(absent)('the test of a login at a directory', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ databaseConfig: 'overlay ppolicy\nppolicy_use_lockout', ldif: ENTRIES });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  it('shows the backends, servers, search, entry, bind and groups, also where the first server is down', async () => {
    const users = { users: { bob: { password: await hashPassword(PASSWORD), groups: ['team-web'] } } };
    await using files = await writtenFiles({ 'users.yaml': JSON.stringify(users) });
    const config = staticFile.schema.parse({ name: 'local', type: 'static-file', file: files.path('users.yaml') });
    await using local = await staticFile.create(config, {
      clock: realClock,
      log: recordingLog(),
      secret: () => ({ read: async () => new Secret('not used') }),
    });
    await using corp = await createLdap({ urls: [NOTHING_LISTENS, slapd.url] });
    const before = corp.servers?.();
    const test = testedLogin([local, corp]);

    const found = await test('alice', alice.password);
    const refused = await test('alice', 'not-hers');
    const inFile = await test('bob', PASSWORD);

    expect(found).toEqual([
      'backend local does not know this user; the next one is asked',
      `backend corp: asks ${NOTHING_LISTENS}`,
      `backend corp: asks ${slapd.url}`,
      expect.stringMatching(new RegExp(`^backend corp: searches .*\\(uid=alice\\)\\) under ${PEOPLE_DN}`)),
      `backend corp: finds ${alice.dn}`,
      `backend corp: binds as ${alice.dn}: the password is correct`,
      `backend corp: finds 1 group under ${GROUPS_DN}: cn=team-web,${GROUPS_DN}`,
      `backend corp authenticates alice, groups cn=team-web,${GROUPS_DN}; team-web`,
    ]);
    expect(refused.at(-1)).toBe('backend corp rejects the login: wrong-password');
    expect(inFile).toEqual(['backend local authenticates bob, groups team-web']);
    expect(before).toEqual([]);
    expect(corp.servers?.()).toEqual([
      { url: slapd.url, state: 'up', since: expect.any(Number) },
      {
        url: NOTHING_LISTENS,
        state: 'down',
        since: expect.any(Number),
        problem: expect.stringContaining('ECONNREFUSED'),
      },
    ]);
  });

  it('locks no account, whatever the spellings of its name, where logins without limits do', async () => {
    await using corp = await createLdap({
      urls: [slapd.url],
      users: { base: PEOPLE_DN, loginAttributes: ['uid', 'mail'] },
    });
    const test = testedLogin([corp], { maxWrongPerAccount: MAX });

    const steps: string[] = [];
    for (let guess = 0; guess < 9; guess += 1) {
      for (const name of ['lou', 'LOU', 'lou@example.org']) {
        steps.push(...(await test(name, `guess-${guess}-${name}`)));
      }
    }

    const bindsOf = async (uid: string) =>
      (await slapd.settled()).binds.filter((dn) => dn === `uid=${uid},${PEOPLE_DN}`).length;
    expect(await bindsOf('lou')).toBe(MAX - 2);
    expect(steps.join('\n')).toContain('the limit of wrong passwords of this account is reached');
    expect(await logIn(corp, 'lou', PASSWORD)).toMatchObject({ kind: 'authenticated' });
    // The control: as many guesses without the guard.
    for (let guess = 0; guess < MAX; guess += 1) await logIn(corp, 'luke', `guess-${guess}`);
    expect(await logIn(corp, 'luke', PASSWORD)).toMatchObject({ kind: 'rejected' });
  });
});
