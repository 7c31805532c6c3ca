/** Guesses of others at a real broker: the owner logs in, the domain locks nobody, and the time shows nothing. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { AD_BASE_DN, AD_SERVICE, canRunSamba, domainBackend, startSamba } from '../support/samba.ts';
import type { Samba } from '../support/samba.ts';
import { noteSecret } from '../support/secrets.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import { ALICE, ASK_WEB, STATIC_CONFIG, startStaticBroker } from '../support/static-broker.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';

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

describe('three guesses from elsewhere', () => {
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

describe.skipIf(!canRunSamba())('guesses at an account of Active Directory that locks at 5', () => {
  const PASSWORD = 'Binds-with-this-1';
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  let alice: string;

  beforeAll(async () => {
    samba = resources.use(await startSamba());
    alice = await samba.addUser('alice', PASSWORD);
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '5' });
  }, 60_000);
  afterAll(() => resources.disposeAsync());

  it('never bring badPwdCount to the threshold, and never keep the owner out', async () => {
    noteSecret(AD_SERVICE.password);
    await using broker = await startBroker({
      config: {
        ...STATIC_CONFIG,
        trustedProxies: ['127.0.0.1'],
        shield: { remember: '0s' },
        backends: [{ ...domainBackend(samba), bind: { dn: AD_SERVICE.dn, password: { file: 'ldap.password' } } }],
      },
      files: { 'ldap.password': AD_SERVICE.password, 'policy.yaml': TEAM_POLICY },
    });
    const count = async (): Promise<number> => Number((await samba.read(alice, 'badPwdCount'))['badPwdCount']);
    const counts: number[] = [];
    const owner = [await logIn(broker, 'alice', PASSWORD, OWNER)];

    const guess = (round: number, n: number) => logIn(broker, 'alice', `Guess-${round}-${n}`, `203.0.${n}.${round}`);
    for (let round = 0; round < 5; round += 1) {
      // Some beside a login of the owner, and some after it.
      const beside = Array.from({ length: 6 }, (_, n) => guess(round, n));
      owner.push(await logIn(broker, 'alice', PASSWORD, OWNER));
      await Promise.all(beside);
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

describe.skipIf(!canRunSlapd())('the time of a refusal, with a directory 140 ms away', () => {
  const ROUND_TRIP_MS = 140;
  const SAMPLES = 80;
  const AT_ONCE = 20;

  it('does not distinguish known from unknown users', async () => {
    await using slapd = await startSlapd();
    const port = Number(new URL(slapd.url).port);
    await using far = await startTcpStandIn((client) => {
      const source = connect({ port, host: '127.0.0.1' });
      const later = (work: () => void): void => void setTimeout(work, ROUND_TRIP_MS / 2);
      client.on('data', (chunk) => later(() => source.write(chunk)));
      source.on('data', (chunk) => later(() => client.write(chunk)));
      source.on('error', () => undefined);
      client.on('close', () => source.destroy());
      source.on('close', () => client.destroy());
    });
    await using broker = await startBroker({
      config: {
        ...STATIC_CONFIG,
        trustedProxies: ['127.0.0.1'],
        // Every password is sent, so that known users take longer.
        shield: { wrongPasswords: { max: 0 } },
        backends: [{ ...directoryBackend(slapd), urls: [far.url] }],
      },
      files: { 'policy.yaml': TEAM_POLICY, 'ldap.password': slapd.bindPassword },
    });
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    // One login of each kind is the first on a new connection.
    await Promise.all([logIn(broker, 'alice', 'first', OWNER), logIn(broker, 'nobody', 'first', OWNER)]);
    const attempt = async (n: number): Promise<void> => {
      const kind = n % 2 === 0 ? 'known' : 'unknown';
      const user = kind === 'known' ? (['alice', 'bob', 'carol'][n % 3] ?? 'alice') : `nobody${n}`;
      const { took, status } = await logIn(broker, user, `guess-${n}`, `10.${n % 200}.${Math.floor(n / 200)}.1`);
      if (status === 401) times[kind].push(took);
    };

    for (let n = 0; n < 2 * SAMPLES; n += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => attempt(n + index)));
    }

    const share = accuracy(times.known, times.unknown);
    console.log(`a classifier by time is right for ${(share * 100).toFixed(1)} % of ${2 * SAMPLES} logins`);
    expect(times.known).toHaveLength(SAMPLES);
    // Chance alone exceeds this bound once in some thousand runs.
    expect(share).toBeLessThan(0.68);
  });
});

/** How often the best threshold of one half of the times classifies the other half correctly; 0.5 is chance. */
function accuracy(known: readonly number[], unknown: readonly number[]): number {
  const isEven = (_: number, n: number): boolean => n % 2 === 0;
  const isOdd = (_: number, n: number): boolean => n % 2 === 1;
  const rate = (limit: number, more: readonly number[], less: readonly number[]): number =>
    (more.filter((ms) => ms > limit).length + less.filter((ms) => ms <= limit).length) / (more.length + less.length);
  const [knownHalf, unknownHalf] = [known.filter(isEven), unknown.filter(isEven)];
  const limits = [...knownHalf, ...unknownHalf];
  const best = limits.reduce(
    (found, limit) => (rate(limit, knownHalf, unknownHalf) > rate(found, knownHalf, unknownHalf) ? limit : found),
    -1,
  );
  return rate(best, known.filter(isOdd), unknown.filter(isOdd));
}
