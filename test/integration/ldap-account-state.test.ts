import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordingLog } from '../support/fakes.ts';
import { createLdap, logIn } from '../support/ldap-backend.ts';
import { findPart } from '../support/parts.ts';
import { BASE_DN, PEOPLE_DN } from '../support/slapd-entries.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { waitFor } from '../support/wait.ts';

const absent = findPart(SLAPD) === undefined || findPart(LDAPADD) === undefined;
const PASSWORD = 'state-of-an-account-1';

const policy = (name: string, lines: string): string => `
dn: cn=${name},ou=policies,${BASE_DN}
objectClass: organizationalRole
objectClass: pwdPolicy
pwdAttribute: userPassword
${lines}
`;
const person = (uid: string, policyName: string): string => `
dn: uid=${uid},${PEOPLE_DN}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
userPassword: ${PASSWORD}
pwdPolicySubentry: cn=${policyName},ou=policies,${BASE_DN}
`;
const ENTRIES = [
  `\ndn: ou=policies,${BASE_DN}\nobjectClass: organizationalUnit\n`,
  policy('locking', 'pwdLockout: TRUE\npwdMaxFailure: 2'),
  policy('aging', 'pwdMaxAge: 1'),
  policy('grace', 'pwdMaxAge: 1\npwdGraceAuthNLimit: 1'),
  policy('resetting', 'pwdMustChange: TRUE'),
  person('lou', 'locking'),
  person('axel', 'aging'),
  person('grace', 'grace'),
  person('rita', 'resetting'),
  `\ndn: uid=nopassword,${PEOPLE_DN}\nobjectClass: inetOrgPerson\nuid: nopassword\ncn: n\nsn: n\n`,
].join('');

describe.skipIf(absent)('accounts of OpenLDAP with a password policy', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ databaseConfig: 'overlay ppolicy\nppolicy_use_lockout', ldif: ENTRIES });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  it('are rejected as locked after too many wrong passwords, with the right one too', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });
    const before = await logIn(backend, 'lou', PASSWORD);

    await logIn(backend, 'lou', 'wrong-1');
    await logIn(backend, 'lou', 'wrong-2');

    expect(before.kind).toBe('authenticated');
    expect(await logIn(backend, 'lou', PASSWORD)).toEqual({ kind: 'rejected', reason: 'locked' });
  });

  it('are rejected when the password has expired', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });

    const outcome = await waitFor('the password to expire', async () => {
      const answer = await logIn(backend, 'axel', PASSWORD);
      return answer.kind === 'rejected' ? answer : undefined;
    });

    expect(outcome).toEqual({ kind: 'rejected', reason: 'password-expired' });
    expect(await logIn(backend, 'axel', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
  });

  it('get in while grace logins are left, which the log tells, and one login uses one', async () => {
    const log = recordingLog();
    await using backend = await createLdap({ urls: [slapd.url] }, { log });

    const reasons: string[] = [];
    await waitFor('the password to expire', async () => {
      const answer = await logIn(backend, 'grace', PASSWORD);
      reasons.push(answer.kind === 'rejected' ? answer.reason : answer.kind);
      return answer.kind === 'rejected';
    });

    expect(reasons.at(-1)).toBe('password-expired');
    expect(log.lines.filter(({ fields }) => fields['graceLeft'] !== undefined)).toMatchObject([
      { level: 'warn', fields: { graceLeft: 0 } },
    ]);
  });

  it('are rejected when the password must be changed, although the directory lets them bind', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });
    // It reads the entry after the bind only.
    await using binding = await createLdap({
      urls: [slapd.url],
      users: { template: `uid={login},${PEOPLE_DN}` },
      bind: undefined,
    });
    const before = await logIn(backend, 'rita', PASSWORD);

    await slapd.change(`dn: uid=rita,${PEOPLE_DN}\nchangetype: modify\nreplace: pwdReset\npwdReset: TRUE\n`);

    expect(before.kind).toBe('authenticated');
    expect(await logIn(binding, 'rita', PASSWORD)).toEqual({ kind: 'rejected', reason: 'must-change-password' });
    expect(await logIn(binding, 'rita', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    const binds = (await slapd.settled()).binds.length;
    for (const password of [PASSWORD, 'wrong']) {
      expect(await logIn(backend, 'rita', password)).toEqual({ kind: 'rejected', reason: 'must-change-password' });
    }
    expect((await slapd.settled()).binds.length).toBe(binds);
  });

  it('are rejected when they have no password', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });

    expect(await logIn(backend, 'nopassword', PASSWORD)).toEqual({ kind: 'rejected', reason: 'wrong-password' });
  });
});
