/** An operator has the running broker flush its login cache: by command, and by signal. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAIN, startBroker } from '../support/broker.ts';
import type { Broker, Login } from '../support/broker.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { ASK_WEB, granted, SERVICE, STATIC_CONFIG } from '../support/static-broker.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';
import { waitFor } from '../support/wait.ts';

const absent = findPart(SLAPD) === undefined || findPart(LDAPADD) === undefined;

describe.skipIf(absent)('acceptance 16: what is cached of logins', () => {
  let resources: AsyncDisposableStack;
  let slapd: Slapd;
  let broker: Broker;
  let alice: Login;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    slapd = resources.use(await startSlapd());
    alice = { user: slapd.people.alice.username, password: slapd.people.alice.password };
    broker = resources.use(
      await startBroker({
        config: { ...STATIC_CONFIG, backends: [directoryBackend(slapd)] },
        files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': TEAM_POLICY },
      }),
    );
  });
  afterEach(() => resources.disposeAsync());

  const flush = (...args: readonly string[]): Promise<Result> =>
    run(process.execPath, [MAIN, 'flush', '--config', join(broker.folder, 'broker.yaml'), ...args]);

  async function leaveTeamWeb(): Promise<void> {
    await slapd.change(`dn: cn=team-web,ou=groups,${slapd.baseDn}
changetype: modify
replace: member
member: ${slapd.people.bob.dn}
`);
  }

  it.each([
    [
      'by the command',
      async () =>
        expect(await flush()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^login cache flushed/) }),
    ],
    [
      'by the command for this backend',
      async () => expect(await flush('--backend', 'corp')).toMatchObject({ code: 0 }),
    ],
    ['by SIGHUP', async () => broker.signal('SIGHUP')],
  ])('is flushed %s, so that a group that the user left no longer counts', async (_method, trigger) => {
    expect(await granted(broker, alice)).toBe('pull,push');
    await leaveTeamWeb();
    const before = await granted(broker, alice);

    await trigger();
    await broker.waitForLine(({ message }) => message === 'login cache flushed');

    expect(before).toBe('pull,push');
    expect(await granted(broker, alice)).toBe('');
  });

  it('is flushed with the counts of wrong passwords: an account at its limit can log in again', async () => {
    for (const password of ['guess-one-1', 'guess-two-2', 'guess-three-3'])
      await broker.token(ASK_WEB, { ...alice, password });
    const refused = await broker.token(ASK_WEB, alice);
    await broker.waitForLine(({ event, limit }) => event === 'token.refused' && limit === 'account');

    await flush();

    expect(refused.status).toBe(401);
    expect(await granted(broker, alice)).toBe('pull,push');
  });

  it('is not flushed for a backend that the broker does not have, and the command says so', async () => {
    await granted(broker, alice);

    const { code, stderr } = await flush('--backend', 'crop');

    expect(code).toBe(1);
    expect(stderr).toContain('no backend "crop"');
    await granted(broker, alice);
    expect((await slapd.settled()).binds.filter((dn) => dn === slapd.people.alice.dn)).toHaveLength(1);
  });

  it('is counted in the metrics by the source of each answer', async () => {
    await granted(broker, alice);
    await granted(broker, alice);
    await broker.token(ASK_WEB, { ...alice, password: 'guess-one-1' });
    await broker.token(ASK_WEB, { ...alice, password: 'guess-one-1' });
    await flush();

    const page = await (await fetch(`${broker.url}/metrics`)).text();

    expect(page).toContain('fairlead_logins_total{backend="corp",outcome="authenticated",source="backend"} 1');
    expect(page).toContain('fairlead_logins_total{backend="corp",outcome="authenticated",source="memory"} 1');
    expect(page).toContain('fairlead_logins_total{backend="corp",outcome="rejected",source="backend"} 1');
    expect(page).toContain('fairlead_logins_total{backend="corp",outcome="rejected",source="memory"} 1');
    expect(page).toContain('fairlead_logins_refused_total{backend="corp",reason="wrong-password",limit=""} 2');
    expect(page).toContain('fairlead_remembered_logins{kind="right"} 1');
    expect(page).toContain('fairlead_flushes_total 1');
  });

  it('cannot be flushed when no broker runs, and the command says where it looked', async () => {
    await broker.stop();

    const { code, stderr } = await flush();

    expect(code).toBe(2);
    expect(stderr).toContain(join(broker.folder, 'state/control'));
  });

  it('is flushed by the command after a previous broker was killed', async () => {
    broker.signal('SIGKILL');
    await broker.process.exited;
    await using next = await startBroker({
      port: broker.port,
      config: { ...STATIC_CONFIG, backends: [directoryBackend(slapd)], stateDir: join(broker.folder, 'state') },
      files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': TEAM_POLICY },
    });
    await waitFor('the next broker', async () => (await next.token(`service=${SERVICE}`)).status === 200);

    expect(await flush()).toMatchObject({ code: 0 });
  });
});
