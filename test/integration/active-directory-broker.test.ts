/** A broker with a real Active Directory: the answers to clients, and the requests to the domain. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimsOf, MAIN, startBroker } from '../support/broker.ts';
import type { Broker, TokenAnswer } from '../support/broker.ts';
import { runOk } from '../support/process.ts';
import {
  AD_BASE_DN,
  AD_SERVICE,
  canRunSamba,
  DOMAIN,
  domainBackend,
  REALM,
  startSamba,
  UAC,
} from '../support/samba.ts';
import type { Samba } from '../support/samba.ts';
import { ASK_WEB, granted, STATIC_CONFIG } from '../support/static-broker.ts';
import { noteSecret } from '../support/secrets.ts';

const PASSWORD = 'Binds-with-this-1';
/** The DN of the group, with other letter case and spaces than in the directory. */
const POLICY = JSON.stringify({
  rules: [
    {
      name: 'the web team',
      groups: ['cn=team-WEB , ou=groups,DC=Example, dc=TEST'],
      repositories: ['web/**'],
      allow: ['pull', 'push'],
    },
  ],
});

describe.skipIf(!canRunSamba())('a broker with Active Directory', () => {
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  let broker: Broker;
  let alice: string;
  let team: string;

  beforeAll(async () => {
    samba = resources.use(await startSamba());
    alice = await samba.addUser('alice', PASSWORD);
    team = await samba.addGroup('team-web', [alice]);
  });
  afterAll(() => resources.disposeAsync());

  beforeEach(async () => {
    noteSecret(AD_SERVICE.password);
    await samba.replace(alice, { lockoutTime: '0' });
    // High, because a domain that never locks does not count wrong passwords.
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '20' });
    broker = await startBroker({
      config: {
        ...STATIC_CONFIG,
        backends: [{ ...domainBackend(samba), bind: { dn: AD_SERVICE.dn, password: { file: 'ldap.password' } } }],
      },
      files: { 'ldap.password': AD_SERVICE.password, 'policy.yaml': POLICY },
    });
  });
  afterEach(() => broker[Symbol.asyncDispose]());

  const ask = (user: string, password: string): Promise<TokenAnswer> => broker.token(ASK_WEB, { user, password });
  const wrongPasswords = async (): Promise<number> => Number((await samba.read(alice, 'badPwdCount'))['badPwdCount']);

  it('acceptance 2: sends one wrong password to the domain once, however often it comes, and then accepts the correct one', async () => {
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '3' });
    const before = await wrongPasswords();

    const answers = await Promise.all(Array.from({ length: 200 }, () => ask('alice', 'Of-last-month-1')));
    const counted = (await wrongPasswords()) - before;
    const correct = await ask('alice', PASSWORD);

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(counted).toBe(1);
    expect(correct.status).toBe(200);
  });

  it('acceptance 2: never locks the account, also with a different wrong password each time', async () => {
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '3' });

    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => ask('alice', `Guess-number-${n}`)));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
    expect(await samba.bindAs(alice, PASSWORD)).toBe('accepted');
  });

  it('acceptance 3: has one limit and one subject for all spellings of a user', async () => {
    const spellings = [
      'alice',
      'ALICE',
      `alice@${REALM}`,
      `ALICE@${REALM.toUpperCase()}`,
      `${DOMAIN}\\alice`,
      `${DOMAIN.toLowerCase()}\\Alice`,
      'Alice',
      `Alice@${REALM}`,
    ];
    const subjects = [];
    for (const spelling of spellings) subjects.push(claimsOf((await ask(spelling, PASSWORD)).body['token'])['sub']);
    const before = await wrongPasswords();
    for (const [n, spelling] of spellings.entries()) await ask(spelling, `Guess-number-${n}`);

    expect(subjects).toEqual(spellings.map(() => 'alice'));
    expect((await wrongPasswords()) - before).toBe(3);
  });

  it.each([
    ['its DN', async () => alice],
    ['its SID', async () => `<SID=${(await samba.readBytes(alice, 'objectSid')).toString('hex')}>`],
    ['its GUID', async () => `<GUID=${(await samba.readBytes(alice, 'objectGUID')).toString('hex')}>`],
  ])(
    'acceptance 3: never tries a password for a user typed as %s, although the domain accepts that form',
    async (_what, typed) => {
      const name = await typed();
      const before = await wrongPasswords();

      const answers = [await ask(name, PASSWORD), await ask(name, 'Guess-number-1')];

      expect(await samba.bindAs(name, PASSWORD)).toBe('accepted');
      expect(answers.map(({ status }) => status)).toEqual([401, 401]);
      expect(await wrongPasswords()).toBe(before);
    },
  );

  it('acceptance 1: gives the same answer for a wrong password of a disabled, an unknown and a known user', async () => {
    await samba.addUser('leaver', PASSWORD, { attributes: { userAccountControl: String(UAC.normal | UAC.disabled) } });
    const answerFor = async (user: string): Promise<unknown> => {
      const { status, headers, body } = await ask(user, 'Guess-number-1');
      const id = headers.get('x-request-id') ?? '';
      const fixed = [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
      return { status, fixed, body: JSON.stringify(body).replaceAll(id, 'ID') };
    };

    const [disabled, unknown, known] = [await answerFor('leaver'), await answerFor('nobody'), await answerFor('alice')];

    expect(disabled).toMatchObject({ status: 401 });
    expect(unknown).toEqual(disabled);
    expect(known).toEqual(disabled);
    await broker.waitForLine(({ user, reason }) => user === 'leaver' && reason === 'disabled');
  });

  it('acceptance 4: compares a group’s DN in the policy as a DN', async () => {
    expect(await granted(broker, { user: 'alice', password: PASSWORD })).toBe('pull,push');
    await samba.addUser('bob', PASSWORD);
    expect(await granted(broker, { user: 'bob', password: PASSWORD })).toBe('');
  });

  it('acceptance 16: accepts a new password at once, and then no longer the old one', async () => {
    const fred = await samba.addUser('fred', PASSWORD);
    expect((await ask('fred', PASSWORD)).status).toBe(200);
    await samba.setPassword(fred, 'Is-quite-another-2');
    await samba.setPassword(fred, 'Is-yet-another-3');

    const changed = await ask('fred', 'Is-yet-another-3');
    const old = await ask('fred', PASSWORD);

    expect([changed.status, old.status]).toEqual([200, 401]);
  });

  it('acceptance 16: rejects every other password while the correct one is cached', async () => {
    expect((await ask('alice', PASSWORD)).status).toBe(200);

    for (const other of ['x', `${PASSWORD}x`, PASSWORD.slice(0, -1), PASSWORD.toLowerCase()]) {
      expect((await ask('alice', other)).status).not.toBe(200);
    }

    expect((await ask('alice', PASSWORD)).status).toBe(200);
  });

  it('acceptance 16: sees that a user has left a group after a flush', async () => {
    const login = { user: 'alice', password: PASSWORD };
    expect(await granted(broker, login)).toBe('pull,push');
    await samba.remove(team);

    broker.signal('SIGHUP');
    await broker.waitForLine(({ message }) => message === 'login cache flushed');

    expect(await granted(broker, login)).toBe('');
    team = await samba.addGroup('team-web', [alice]);
  });

  it('reports the steps of a diagnosis and of a login with fairlead check', async () => {
    const config = ['--config', join(broker.folder, 'broker.yaml')];

    const connectOutput = await runOk(process.execPath, [MAIN, 'check', '--connect', ...config]);
    const loginOutput = await runOk(process.execPath, [MAIN, 'check', '--login', `${DOMAIN}\\alice`, ...config], {
      stdin: `${PASSWORD}\n`,
    });

    expect(connectOutput).toContain('matches preset active-directory');
    expect(connectOutput).not.toContain('locks an account');
    expect(loginOutput).toContain(`CN=alice,OU=People,${AD_BASE_DN}`);
    expect(loginOutput).toContain('team-web');
    expect(connectOutput + loginOutput).not.toContain(PASSWORD);
  });

  it('has a warning in fairlead check --connect when the domain locks accounts earlier than the shield refuses', async () => {
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '3' });

    const output = await runOk(process.execPath, [
      MAIN,
      'check',
      '--connect',
      '--config',
      join(broker.folder, 'broker.yaml'),
    ]);

    expect(output).toMatch(/^warning: backend \S+: the directory locks an account after 3 wrong passwords/m);
    expect(output).toContain('wrongPasswords: { max: 2, window: 30m }');
  });
});
