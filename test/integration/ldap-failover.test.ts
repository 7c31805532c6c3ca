import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { recordingLog } from '../support/fakes.ts';
import type { LogLine } from '../support/fakes.ts';
import { freePort } from '../support/free-port.ts';
import { freeze, kill, thaw } from '../support/halt.ts';
import { createLdap, identityOf, logIn } from '../support/ldap-backend.ts';
import { PEOPLE } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { passOn, startTcpStandIn } from '../support/tcp-stand-in.ts';
import { MACHINE_MS, waitFor } from '../support/wait.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
const UNAVAILABLE = { name: 'BrokerError', code: 'backend_unavailable' };
const WRONG = { kind: 'rejected', reason: 'wrong-password' };
/** TEST-NET-1 (RFC 5737): packets are lost, or refused at once where there is no route. */
const BLACK_HOLE = 'ldap://192.0.2.1';

/** The time limit of an operation. A server that fails gets half of it while another one is left. */
const OPERATION_MS = 4000;

/** Milliseconds a login of alice takes. */
async function time(backend: Authenticator): Promise<number> {
  const started = performance.now();
  await identityOf(backend, alice);
  return performance.now() - started;
}

async function timesOf(count: number, backend: Authenticator): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) times.push(await time(backend));
  return times;
}

/** No login waits for the failed server. The machine may be busy with other tests, so the limit is for the median. */
function expectPrompt(times: readonly number[]): void {
  expect(times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)]).toBeLessThan(50);
  expect(Math.max(...times)).toBeLessThan(1000);
}

describe.skipIf(absent)('acceptance 10: the next server of an LDAP directory', () => {
  let second: Slapd;
  beforeAll(async () => {
    second = await startSlapd();
  });
  afterAll(() => second[Symbol.asyncDispose]());

  /** Expects a login within the time of one operation, fast logins after it, and one bind at one server for a wrong password. */
  async function expectTakenOver(backend: Authenticator, others: readonly Slapd[] = []): Promise<void> {
    const first = await time(backend);
    const later = await timesOf(20, backend);
    const binds = async (): Promise<number> =>
      (await Promise.all([second, ...others].map((slapd) => slapd.settled())))
        .flatMap((seen) => seen.binds)
        .filter((dn) => dn === alice.dn).length;
    const before = await binds();

    expect(first).toBeLessThan(OPERATION_MS);
    expectPrompt(later);
    expect(await logIn(backend, 'alice', 'wrong')).toEqual(WRONG);
    expect((await binds()) - before).toBe(1);
  }

  const recovered = (lines: readonly LogLine[], url: string): Promise<boolean> =>
    waitFor('the server to be found working', () =>
      lines.some(({ message, fields }) => message === 'directory server recovered' && fields['server'] === url),
    );

  it('uses the next server when the first is killed, until the first works again', async () => {
    await using first = await startSlapd();
    const log = recordingLog();
    await using backend = await createLdap({ urls: [first.url, second.url] }, { log });
    await identityOf(backend, alice);

    await kill(first.pid());
    await expectTakenOver(backend);
    await first.stop();
    await first.start();
    await recovered(log.lines, first.url);
    const before = (await first.settled()).binds.length;
    await identityOf(backend, alice);

    expect((await first.settled()).binds.slice(before)).toContain(alice.dn);
  });

  it('uses the next server when the first is frozen, until the first works again', async () => {
    await using first = await startSlapd();
    const log = recordingLog();
    await using backend = await createLdap({ urls: [first.url, second.url] }, { log });
    await identityOf(backend, alice);

    await freeze(first.pid());
    try {
      await expectTakenOver(backend);
    } finally {
      thaw(first.pid());
    }
    await recovered(log.lines, first.url);
    const before = (await first.settled()).binds.length;
    await identityOf(backend, alice);

    expect((await first.settled()).binds.slice(before)).toContain(alice.dn);
  });

  it('uses the next server when the first cannot be reached', async () => {
    await using backend = await createLdap({ urls: [BLACK_HOLE, second.url], tls: { mode: 'none' } });

    await expectTakenOver(backend);
  });

  it('uses the next server when the first accepts connections and does not answer', async () => {
    await using mute = await startTcpStandIn();
    await using backend = await createLdap({ urls: [mute.url, second.url] });

    await expectTakenOver(backend);
  });

  it('uses the next server when the first answers that it is unavailable', async () => {
    // unavailable (52) to every bind; the message id is the first of a connection.
    const answer = Buffer.from('300c02010161070a013404000400', 'hex');
    await using busy = await startTcpStandIn((socket) => socket.on('data', () => void socket.write(answer)));
    await using backend = await createLdap({ urls: [busy.url, second.url] });

    await expectTakenOver(backend);
  });

  it('uses the next server when the certificate of the first is not trusted', async () => {
    await using trusted = await startSlapd({ tls: true });
    await using other = await startSlapd({ tls: true });
    const tls = { caFile: trusted.caFile ?? '' };
    await using backend = await createLdap({ urls: [other.ldapsUrl ?? '', trusted.ldapsUrl ?? ''], tls });

    const first = await time(backend);
    const later = await timesOf(20, backend);

    expect(first).toBeLessThan(OPERATION_MS);
    expectPrompt(later);
    expect((await other.settled()).binds).toEqual([]);
  });

  it('sends no bind for a wrong password to the next server', async () => {
    await using first = await startSlapd();
    await using backend = await createLdap({ urls: [first.url, second.url] });
    const before = (await second.settled()).binds.length;

    for (const guess of ['one', 'two']) expect(await logIn(backend, 'alice', guess)).toEqual(WRONG);

    expect((await second.settled()).binds.length).toBe(before);
    expect((await first.settled()).binds.filter((dn) => dn === alice.dn)).toHaveLength(2);
  });

  it('uses the next server when a reused connection is lost before the password is sent', async () => {
    await using first = await startSlapd();
    await using backend = await createLdap({ urls: [first.url, second.url] });
    await timesOf(2, backend);

    await first.stop();

    expect(await logIn(backend, 'alice', 'wrong')).toEqual(WRONG);
    expect(await logIn(backend, 'alice', alice.password)).toMatchObject({ kind: 'authenticated' });
  });
});

describe.skipIf(absent)('acceptance 11: an LDAP directory without a server that answers', () => {
  it('fails 200 logins within 8 s without blocking the event loop, and works within 2 s of its return', async () => {
    await using slapd = await startSlapd();
    let isBlack = false;
    await using between = await startTcpStandIn((socket) => {
      if (!isBlack) passOn(slapd.port)(socket);
    });
    await using backend = await createLdap({ urls: [BLACK_HOLE, between.url], tls: { mode: 'none' } });
    const lag = monitorEventLoopDelay({ resolution: 5 });

    isBlack = true;
    lag.enable();
    const started = performance.now();
    const results = await Promise.allSettled(
      [...Array(200).keys()].map((n) => logIn(backend, 'alice', n % 2 === 0 ? alice.password : 'wrong')),
    );
    const took = performance.now() - started;
    lag.disable();
    const connections = between.connections();
    isBlack = false;
    const back = performance.now();
    await waitFor('a login', () => identityOf(backend, alice));
    const recovery = performance.now() - back;

    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
    }
    expect(took).toBeLessThan(8000 + MACHINE_MS);
    expect(lag.percentile(99) / 1e6).toBeLessThan(50);
    // Two at the same time, and not one for each login.
    expect(connections).toBeLessThan(20);
    expect(recovery).toBeLessThan(2000 + MACHINE_MS);
  });

  it('logs in at once when a server that refused connections runs again', async () => {
    await using slapd = await startSlapd();
    await using backend = await createLdap({ urls: [`ldap://127.0.0.1:${await freePort()}`, slapd.url] });
    await identityOf(backend, alice);

    await slapd.stop();
    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject(UNAVAILABLE);
    await slapd.start();
    const started = performance.now();
    await identityOf(backend, alice);

    expect(performance.now() - started).toBeLessThan(2000 + MACHINE_MS);
  });
});
