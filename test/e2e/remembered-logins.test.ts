/** The login cache never accepts another password, and stores none. */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker, Login } from '../support/broker.ts';
import { heapOf, heapReadable } from '../support/heap.ts';
import { findPart } from '../support/parts.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { ASK_WEB, granted, STATIC_CONFIG } from '../support/static-broker.ts';
import { startLossyProxy } from '../support/tcp-stand-in.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';
import { waitFor } from '../support/wait.ts';

const absent = findPart(SLAPD) === undefined || findPart(LDAPADD) === undefined;
const NEW_PASSWORD = 'alice-has-changed-it-9';

describe.skipIf(absent)('acceptance 16: a cached login', () => {
  let resources: AsyncDisposableStack;
  let slapd: Slapd;
  let alice: Login;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    slapd = resources.use(await startSlapd());
    alice = { user: slapd.people.alice.username, password: slapd.people.alice.password };
  });
  afterEach(() => resources.disposeAsync());

  /** @param url of the directory, where it is not asked straight */
  async function start(
    shield: Readonly<Record<string, unknown>>,
    env: Readonly<Record<string, string>> = {},
    url: string = slapd.url,
  ): Promise<Broker> {
    return resources.use(
      await startBroker({
        config: { ...STATIC_CONFIG, shield, backends: [{ ...directoryBackend(slapd), urls: [url] }] },
        files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': TEAM_POLICY },
        env,
      }),
    );
  }

  const bindsOfAlice = async (): Promise<number> =>
    (await slapd.settled()).binds.filter((dn) => dn === slapd.people.alice.dn).length;
  const status = async (broker: Broker, login: Login): Promise<number> => (await broker.token(ASK_WEB, login)).status;

  async function changePassword(): Promise<void> {
    await slapd.change(
      `dn: ${slapd.people.alice.dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: ${NEW_PASSWORD}\n`,
    );
  }

  it('is found with its own password and with no other', async () => {
    const broker = await start({ remember: '15m', wrongPasswords: { max: 0 } });
    const { user, password } = alice;
    const others: readonly Login[] = [
      password.slice(0, -1),
      `${password}x`,
      ` ${password}`,
      `${password} `,
      password.toUpperCase(),
      '',
      '\0',
      `${password}\0`,
      `${password}\0x`,
      `:${password}`,
      slapd.people.bob.password,
      'x'.repeat(1000),
    ].map((other) => ({ user, password: other }));
    // The same characters, split differently into name and password.
    const shifted = { user: user.slice(0, -1), password: `${user.at(-1)}${password}` };

    const before = await status(broker, alice);
    const answers = await Promise.all([...others, shifted].map((login) => status(broker, login)));
    const binds = await bindsOfAlice();
    const after = await status(broker, alice);

    expect([before, after]).toEqual([200, 200]);
    expect(new Set(answers)).toEqual(new Set([401]));
    // The answers came from the cache.
    expect(await bindsOfAlice()).toBe(binds);
  });

  it('ends with the first login with a new password', async () => {
    const broker = await start({ remember: '15m' });
    expect(await status(broker, alice)).toBe(200);
    await changePassword();

    const old = await status(broker, alice);
    const changed = await status(broker, { ...alice, password: NEW_PASSWORD });
    const oldAfter = await status(broker, alice);

    expect({ old, changed, oldAfter }).toEqual({ old: 200, changed: 200, oldAfter: 401 });
  });

  it('ends after its time to live, with the old password and the old group', async () => {
    const broker = await start({ remember: '2s' });
    expect(await granted(broker, alice)).toBe('pull,push');
    const bob: Login = { user: slapd.people.bob.username, password: slapd.people.bob.password };
    expect(await status(broker, bob)).toBe(200);
    await slapd.change(
      `dn: cn=team-web,ou=groups,${slapd.baseDn}\nchangetype: modify\nreplace: member\nmember: ${slapd.people.carol.dn}\n`,
    );

    await waitFor('the group to be gone', async () => (await granted(broker, alice)) === '');
    await changePassword();
    await waitFor('the old password to end', async () => (await status(broker, alice)) === 401);

    expect(await status(broker, { ...alice, password: NEW_PASSWORD })).toBe(200);
  });

  it('leaves no password in memory, correct or wrong; a password that is being checked is found there', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-heap-'));
    await using proxy = await startLossyProxy(slapd.port);
    const broker = await start({ remember: '15m' }, heapReadable(folder.path), proxy.url);
    const wrong = { ...alice, password: 'wrong-and-cached-5' };
    const bob: Login = { user: slapd.people.bob.username, password: slapd.people.bob.password };
    const forms = ({ user, password }: Login): readonly string[] => [
      password,
      Buffer.from(`${user}:${password}`).toString('base64'),
    ];
    await broker.token(ASK_WEB, alice);
    await broker.token(ASK_WEB, wrong);
    await broker.token(ASK_WEB);

    const after = await heapOf(broker, folder.path);
    const asked = proxy.received().length;
    proxy.blackHole();
    proxy.stallNew(true);
    const checking = broker.token(ASK_WEB, bob);
    await waitFor('the directory to be asked', () => proxy.received().length > asked);
    const during = await heapOf(broker, folder.path);
    proxy.reset();
    await checking;

    for (const secret of [...forms(alice), ...forms(wrong)]) expect(after.includes(secret)).toBe(false);
    expect(after).toContain('teams own their namespace');
    expect(during.includes(bob.password)).toBe(true);
  });
});
