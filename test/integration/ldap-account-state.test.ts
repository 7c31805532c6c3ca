import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { deadlineIn } from '../../src/core/deadline.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createLdap, logIn } from '../support/ldap-backend.ts';
import { BASE_DN, PEOPLE_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { ASK_WEB, STATIC_CONFIG } from '../support/static-broker.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';
import { waitFor } from '../support/wait.ts';

const absent = !canRunSlapd();
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
  policy('generous', 'pwdMaxAge: 1\npwdGraceAuthNLimit: 3'),
  policy('resetting', 'pwdMustChange: TRUE'),
  person('lou', 'locking'),
  person('luke', 'locking'),
  person('gail', 'generous'),
  person('axel', 'aging'),
  person('grace', 'grace'),
  person('rita', 'resetting'),
  person('rosa', 'resetting'),
  `\ndn: uid=nopassword,${PEOPLE_DN}\nobjectClass: inetOrgPerson\nuid: nopassword\ncn: n\nsn: n\n`,
].join('');

describe.skipIf(absent)('acceptance 12: accounts in OpenLDAP with a password policy', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ databaseConfig: 'overlay ppolicy\nppolicy_use_lockout', ldif: ENTRIES });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  it('reads the strictest password policy for fairlead check --connect', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });

    const policyInForce = await backend.lockoutPolicy?.(deadlineIn(realClock, 5000));

    // pwdFailureCountInterval is not set, so only a successful login clears the count.
    expect(policyInForce).toEqual({ threshold: 2, window: Infinity });
  });

  it('rejects an account as locked after too many wrong passwords, also with the correct one', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });
    const before = await logIn(backend, 'lou', PASSWORD);

    await logIn(backend, 'lou', 'wrong-1');
    await logIn(backend, 'lou', 'wrong-2');

    expect(before.kind).toBe('authenticated');
    expect(await logIn(backend, 'lou', PASSWORD)).toEqual({ kind: 'rejected', reason: 'locked' });
  });

  it('rejects an expired password', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });

    const outcome = await waitFor('the password to expire', async () => {
      const answer = await logIn(backend, 'axel', PASSWORD);
      return answer.kind === 'rejected' ? answer : undefined;
    });

    expect(outcome).toEqual({ kind: 'rejected', reason: 'password-expired' });
    expect(await logIn(backend, 'axel', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
  });

  it('accepts an expired password while grace logins are left, uses one for each login, and logs it', async () => {
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

  it('rejects a user who must change the password, although the directory accepts the bind', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });
    // This one reads the entry after the bind.
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

  it('rejects a login for an entry without a password', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });

    expect(await logIn(backend, 'nopassword', PASSWORD)).toEqual({ kind: 'rejected', reason: 'wrong-password' });
  });

  describe('accounts over HTTP', () => {
    let broker: Broker;
    beforeAll(async () => {
      broker = await startBroker({
        config: { ...STATIC_CONFIG, backends: [directoryBackend(slapd)], shield: { wrongPasswords: { max: 0 } } },
        files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': TEAM_POLICY },
      });
    });
    afterAll(() => broker[Symbol.asyncDispose]());

    const ask = (user: string, password = PASSWORD) => broker.token(ASK_WEB, { user, password });
    /** Logs in without a cache until the password of axel, the last entry, has expired. */
    async function untilExpired(): Promise<void> {
      await using backend = await createLdap({ urls: [slapd.url] });
      await waitFor('the password to expire', async () => (await logIn(backend, 'axel', PASSWORD)).kind === 'rejected');
    }

    it('uses one grace login for 20 token requests', async () => {
      await untilExpired();
      const before = (await slapd.settled()).binds.length;

      const together = await Promise.all(Array.from({ length: 10 }, () => ask('gail')));
      const inSequence = [];
      for (let n = 0; n < 10; n += 1) inSequence.push(await ask('gail'));
      const binds = (await slapd.settled()).binds.slice(before).filter((dn) => dn.startsWith('uid=gail,'));
      const log = recordingLog();
      await using unshielded = await createLdap({ urls: [slapd.url] }, { log });
      await logIn(unshielded, 'gail', PASSWORD);

      expect(new Set([...together, ...inSequence].map(({ status }) => status))).toEqual(new Set([200]));
      expect(binds).toHaveLength(1);
      // Of three grace logins the requests used one, and the last login another.
      expect(log.lines.map(({ fields }) => fields['graceLeft'])).toEqual([1]);
    });

    it.each<[string, string, () => Promise<unknown>]>([
      ['axel', 'password-expired', untilExpired],
      [
        'luke',
        'locked',
        async () => {
          for (const guess of ['guess-one', 'guess-two']) await ask('luke', guess);
        },
      ],
      [
        'rosa',
        'must-change-password',
        () => slapd.change(`dn: uid=rosa,${PEOPLE_DN}\nchangetype: modify\nreplace: pwdReset\npwdReset: TRUE\n`),
      ],
    ])('answers 401, with the reason in the log: %s, %s', async (user, reason, prepare) => {
      await prepare();

      const { status, body } = await ask(user);

      expect(status).toBe(401);
      expect(body).not.toHaveProperty('token');
      await broker.waitForLine((line) => line['reason'] === reason);
    });

    it('answers 200 for a usable account', async () => {
      expect((await ask('alice', slapd.people.alice.password)).status).toBe(200);
    });
  });
});
