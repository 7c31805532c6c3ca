import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { createLdap, identityOf, logIn } from '../support/ldap-backend.ts';
import { PEOPLE, SERVICE } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { passOn, startLossyProxy, startTcpStandIn } from '../support/tcp-stand-in.ts';
import type { LossyProxy, TcpStandIn } from '../support/tcp-stand-in.ts';
import { waitFor } from '../support/wait.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
const UNAVAILABLE = { name: 'BrokerError', code: 'backend_unavailable' };
/** A login has 8 s; `docker login` gives up after 15. */
const DEADLINE_MS = 8000;
/** The request for StartTLS, which is never encrypted. */
const START_TLS = '1.3.6.1.4.1.1466.20037';

describe.skipIf(absent)('acceptance 8: a connection to OpenLDAP under StartTLS', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ tls: true });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const encrypted = (proxy: TcpStandIn): Promise<Authenticator> =>
    createLdap({ urls: [proxy.url], tls: { mode: 'starttls', caFile: slapd.caFile ?? '' } });

  /** The passwords that were sent without encryption. */
  function seenIn({ received }: TcpStandIn): readonly string[] {
    const bytes = received();
    return [alice.password, SERVICE.password].filter((password) => bytes.includes(password));
  }

  /** The strength of encryption (SSF) under which each bind arrived since `from` in the log. */
  async function strengthsSince(from: number): Promise<readonly number[]> {
    await slapd.settled();
    const binds = slapd
      .log()
      .slice(from)
      .matchAll(/ BIND dn="[^"]+" mech=SIMPLE bind_ssf=\d+ ssf=(\d+)/g);
    return [...binds].map(([, ssf]) => Number(ssf));
  }

  /** Behind the lines about everything that the server has answered. */
  async function endOfLog(): Promise<number> {
    await slapd.settled();
    return slapd.log().length;
  }

  async function timed(login: Promise<unknown>): Promise<number> {
    const started = performance.now();
    await login;
    return performance.now() - started;
  }

  it.each<[string, (proxy: LossyProxy) => Promise<unknown> | void]>([
    ['reset while it is idle', (proxy) => proxy.reset()],
    ['closed while it is idle', (proxy) => proxy.end()],
    [
      'dropped silently while it is idle',
      async (proxy) => {
        proxy.blackHole();
        // A connection that was used within the last second is not checked.
        const since = performance.now();
        await waitFor('it to be old', () => performance.now() - since > 1100);
      },
    ],
  ])('replaces a connection that is %s with an encrypted one within the same login', async (_how, lose) => {
    await using proxy = await startLossyProxy(slapd.port);
    await using backend = await encrypted(proxy);
    await identityOf(backend, alice);
    const [before, from] = [proxy.connections(), await endOfLog()];

    await lose(proxy);
    const took = await timed(identityOf(backend, alice));

    expect(took).toBeLessThan(DEADLINE_MS);
    expect(proxy.connections()).toBe(before + 2);
    expect(await strengthsSince(from)).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Math.min(...(await strengthsSince(from)))).toBeGreaterThanOrEqual(128);
    expect(seenIn(proxy)).toEqual([]);
    // The control: the proxy does see what is not encrypted.
    expect(proxy.received().includes(START_TLS)).toBe(true);
  });

  it('fails a login in time when the handshake stalls, and the next login works', async () => {
    await using proxy = await startLossyProxy(slapd.port);
    await using backend = await encrypted(proxy);
    await identityOf(backend, alice);
    const from = await endOfLog();

    proxy.reset();
    proxy.stallNew(true);
    const stalled = await timed(expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject(UNAVAILABLE));
    proxy.stallNew(false);
    const next = await timed(identityOf(backend, alice));

    expect(stalled).toBeLessThan(DEADLINE_MS);
    expect(next).toBeLessThan(DEADLINE_MS);
    expect(Math.min(...(await strengthsSince(from)))).toBeGreaterThanOrEqual(128);
    expect(seenIn(proxy)).toEqual([]);
  });

  it('never falls back to an unencrypted connection when one is cut during an answer', async () => {
    let cut = false;
    await using between = await startTcpStandIn((socket) => {
      passOn(slapd.port, (passed) => cut && passed > 1)(socket);
    });
    await using backend = await encrypted(between);
    await identityOf(backend, alice);

    cut = true;
    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject(UNAVAILABLE);
    cut = false;
    const { username } = await identityOf(backend, alice);

    expect(username).toBe('alice');
    expect(seenIn(between)).toEqual([]);
  });

  it('sends the passwords unencrypted with tls.mode none, where a proxy sees them', async () => {
    await using between = await startLossyProxy(slapd.port);
    await using backend = await createLdap({ urls: [between.url], tls: { mode: 'none' } });
    const from = await endOfLog();

    await identityOf(backend, alice);

    expect(seenIn(between)).toEqual([alice.password, SERVICE.password]);
    expect(await strengthsSince(from)).toEqual([0, 0]);
  });
});
