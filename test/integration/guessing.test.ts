/** Guesses of others at a real broker: the owner logs in, the domain locks nobody, and the time shows nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bestThreshold, classifyRefusals, rate } from '../flood/refusal-times.ts';
import { basic, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { AD_BASE_DN, AD_SERVICE, canRunSamba, domainBackend, startSamba } from '../support/samba.ts';
import type { Samba } from '../support/samba.ts';
import { noteSecret } from '../support/secrets.ts';
import { canRunSlapd } from '../support/slapd.ts';
import { ALICE, ASK_WEB, STATIC_CONFIG, startStaticBroker } from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';

const OWNER = '10.1.2.3';

/** Logs in as a client of a proxy on this machine that the broker trusts. */
async function logIn(broker: Broker, user: string, password: string, client: string) {
  const started = performance.now();
  const response = await fetch(`${broker.url}/token?${ASK_WEB}`, {
    headers: { ...basic({ user, password }), 'x-forwarded-for': client },
  });
  await response.text();
  return { status: response.status, took: performance.now() - started, headers: response.headers };
}

describe('acceptance 22: three guesses from elsewhere', () => {
  it('do not keep the owner of an account in a users file out, also before any login', async () => {
    await using broker = await startStaticBroker({ config: { ...STATIC_CONFIG, trustedProxies: ['127.0.0.1'] } });
    const guesses = [];
    for (let n = 0; n < 5; n += 1) guesses.push((await logIn(broker, ALICE.user, `guess-${n}`, '203.0.113.9')).status);

    const cold = await logIn(broker, ALICE.user, ALICE.password, OWNER);
    const warm = await logIn(broker, ALICE.user, ALICE.password, '10.9.9.9');

    expect(guesses).toEqual([401, 401, 401, 401, 429]);
    expect([cold.status, warm.status]).toEqual([200, 200]);
  });
});

describe.skipIf(!canRunSamba())('acceptance 22: guesses at an account of Active Directory that locks at 5', () => {
  const PASSWORD = 'Binds-with-this-1';
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  let alice: string;

  beforeAll(async () => {
    samba = resources.use(await startSamba());
    alice = await samba.addUser('alice', PASSWORD);
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '5' });
  });
  afterAll(() => resources.disposeAsync());

  function startDomainBroker(): Promise<Broker> {
    noteSecret(AD_SERVICE.password);
    return startBroker({
      config: {
        ...STATIC_CONFIG,
        trustedProxies: ['127.0.0.1'],
        shield: { remember: '0s' },
        backends: [{ ...domainBackend(samba), bind: { dn: AD_SERVICE.dn, password: { file: 'ldap.password' } } }],
      },
      files: { 'ldap.password': AD_SERVICE.password, 'policy.yaml': TEAM_POLICY },
    });
  }

  it('from one site do not keep the owner out, also before any login', async () => {
    await using broker = await startDomainBroker();
    const guesses = [];
    for (let n = 0; n < 3; n += 1) guesses.push((await logIn(broker, 'alice', `guess-${n}`, `203.0.113.${n}`)).status);

    expect(guesses).toEqual([401, 401, 401]);
    expect((await logIn(broker, 'alice', PASSWORD, OWNER)).status).toBe(200);
  });

  it('never bring badPwdCount to the threshold, and never keep the owner out', async () => {
    await using broker = await startDomainBroker();
    const count = async (): Promise<number> => Number((await samba.read(alice, 'badPwdCount'))['badPwdCount']);
    const counts: number[] = [];
    const owner = [await logIn(broker, 'alice', PASSWORD, OWNER)];

    const guess = (round: number, n: number) => logIn(broker, 'alice', `Guess-${round}-${n}`, `203.0.${n}.${round}`);
    for (let round = 0; round < 5; round += 1) {
      // Some at the same time as a login of the owner, and some after it.
      const concurrent = Array.from({ length: 6 }, (_, n) => guess(round, n));
      owner.push(await logIn(broker, 'alice', PASSWORD, OWNER));
      await Promise.all(concurrent);
      counts.push(await count());
      await Promise.all(Array.from({ length: 6 }, (_, n) => guess(round, n + 6)));
      counts.push(await count());
      owner.push(await logIn(broker, 'alice', PASSWORD, OWNER));
    }

    expect(owner.map(({ status }) => status)).toEqual(Array(11).fill(200));
    expect(Math.max(...counts)).toBeLessThan(5);
    // The guesses do reach the domain.
    expect(Math.max(...counts)).toBeGreaterThan(0);
    expect(await samba.bindAs(alice, PASSWORD)).toBe('accepted');
  });
});

describe.skipIf(!canRunSlapd())('acceptance 22: the time of a refusal, with a directory 140 ms away', () => {
  it('does not distinguish known from unknown users', async () => {
    const tested = 600;
    const share = await classifyRefusals({ roundTripMs: 140, training: 200, tested });

    console.log(`a classifier by time is right for ${(share * 100).toFixed(1)} % of ${tested} logins`);
    // Chance alone has a standard deviation of 2.04 %, and leaves these bounds (3.92 of them) once in 11,000 runs.
    // `npm run flood -- refusal-times` classifies more logins, within 45 and 55 %.
    expect(share).toBeGreaterThan(0.42);
    expect(share).toBeLessThan(0.58);
  });

  it('would distinguish them without the wait until the end of a step', () => {
    const times = [140, 280].flatMap((ms) => Array.from({ length: 50 }, (_, n) => ({ isKnown: ms > 140, ms: ms + n })));

    expect(rate(times, bestThreshold(times))).toBe(1);
  });
});
