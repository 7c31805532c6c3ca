/** What becomes of the credentials of people in a directory (OpenLDAP) whose groups or accounts change. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { createToken, logInWith } from '../support/personal-tokens.ts';
import { exchange, offlineLogin } from '../support/refresh-tokens.ts';
import { noteSecret } from '../support/secrets.ts';
import { GROUPS_DN, personDn, personLdif } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { SERVICE } from '../support/static-broker.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';

const PASSWORD = 'leaves-the-company-1';
const PEOPLE = ['disabled', 'deleted', 'recreated', 'moving'] as const;
type Person = (typeof PEOPLE)[number];
const ASK = 'repository:web/a:pull,push';
const LOCKED = 'replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n';

describe.skipIf(!canRunSlapd())('the credentials of people in a directory', () => {
  const resources = new AsyncDisposableStack();
  let slapd: Slapd;
  let broker: Broker;
  beforeAll(async () => {
    slapd = resources.use(
      await startSlapd({
        databaseConfig: 'overlay ppolicy',
        ldif: PEOPLE.map((uid) => personLdif(uid, PASSWORD)).join(''),
      }),
    );
    const members = PEOPLE.map((uid) => `member: ${personDn(uid)}\n`).join('');
    await slapd.change(`dn: cn=team-web,${GROUPS_DN}\nchangetype: modify\nadd: member\n${members}`);
    noteSecret(slapd.bindPassword);
    broker = resources.use(
      await startBroker({
        config: {
          services: { [SERVICE]: { refreshTokens: {} } },
          personalTokens: {},
          backends: [directoryBackend(slapd)],
          policy: 'policy.yaml',
          // The cached login of a password lasts that long after the account has ended.
          shield: { remember: '0s', rememberRefused: '0s', wrongPasswords: { max: 0 } },
        },
        files: { 'policy.yaml': TEAM_POLICY, 'ldap.password': slapd.bindPassword },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  /** Two refresh tokens, two personal tokens and the password. @returns the status of each now */
  async function credentialsOf(user: Person): Promise<() => Promise<readonly number[]>> {
    const login = { user, password: PASSWORD };
    const refresh = [await offlineLogin(broker, SERVICE, login), await offlineLogin(broker, SERVICE, login)];
    const personal = [
      await createToken(broker, user),
      await createToken(broker, user, '--limit', `${SERVICE} web/** pull`),
    ];
    return async () => [
      ...(await Promise.all(refresh.map((token) => exchange(broker, SERVICE, token)))).map(({ status }) => status),
      ...(await Promise.all(personal.map(({ token }) => logInWith(broker, token, SERVICE)))).map(
        ({ status }) => status,
      ),
      (await broker.token(`service=${SERVICE}`, login)).status,
    ];
  }

  it.each<[string, Person, (dn: string) => string]>([
    ['disabled', 'disabled', (dn) => `dn: ${dn}\nchangetype: modify\n${LOCKED}`],
    ['deleted', 'deleted', (dn) => `dn: ${dn}\nchangetype: delete\n`],
    [
      'deleted and created again under the same name with another password',
      'recreated',
      (dn) => `dn: ${dn}\nchangetype: delete\n${personLdif('recreated', 'another-person-2')}`,
    ],
  ])('all work, and none does after the account was %s', async (_what, user, change) => {
    const statuses = await credentialsOf(user);
    const before = await statuses();

    await slapd.change(change(personDn(user)));

    expect(before).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses()).toEqual([401, 401, 401, 401, 401]);
  });

  it('do less from the next use on after the user has left a group, and nothing more for a limit', async () => {
    const wide = await createToken(broker, 'moving');
    const narrow = await createToken(broker, 'moving', '--limit', `${SERVICE} web/** pull`);
    const grantedNow = async () => [
      (await logInWith(broker, wide.token, SERVICE, ASK)).granted,
      (await logInWith(broker, narrow.token, SERVICE, ASK)).granted,
    ];
    const before = await grantedNow();

    await slapd.change(
      `dn: cn=team-web,${GROUPS_DN}\nchangetype: modify\ndelete: member\nmember: ${personDn('moving')}\n`,
    );

    expect(before).toEqual([['web/a:pull,push'], ['web/a:pull']]);
    expect(await grantedNow()).toEqual([[], []]);
  });

  it('are answered with 503 while the directory is down, and work again after that', async () => {
    const { token } = await createToken(broker, 'moving');

    await slapd.stop();
    const down = await logInWith(broker, token, SERVICE);
    await slapd.start();

    expect(down.status).toBe(503);
    await expect.poll(async () => (await logInWith(broker, token, SERVICE)).status, { timeout: 40_000 }).toBe(200);
  });
});
