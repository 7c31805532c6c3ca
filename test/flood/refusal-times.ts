/** Whether the time of a refusal shows that a name exists: `npm run flood -- refusal-times`. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { basic, startBroker } from '../support/broker.ts';
import { startSlapd } from '../support/slapd.ts';
import { ASK_WEB, STATIC_CONFIG } from '../support/static-broker.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';

interface RefusalTimesOptions {
  /** Milliseconds to the directory and back. */
  readonly roundTripMs: number;
  /** Logins from which the classifier finds its threshold, and logins that it then classifies. Half of each are known. */
  readonly training: number;
  readonly tested: number;
}

const AT_ONCE = 40;
const KNOWN = ['alice', 'bob', 'carol'] as const;

interface Sample {
  readonly isKnown: boolean;
  readonly ms: number;
}

/**
 * @returns the share of logins that the classifier gets right. By chance it is 0.5, with a standard deviation of
 *   0.5 / sqrt(tested).
 */
export async function classifyRefusals({ roundTripMs, training, tested }: RefusalTimesOptions): Promise<number> {
  await using slapd = await startSlapd();
  await using far = await startTcpStandIn(withDelay(Number(new URL(slapd.url).port), roundTripMs / 2));
  await using broker = await startBroker({
    config: {
      ...STATIC_CONFIG,
      trustedProxies: ['127.0.0.1'],
      // Every password is sent, so that known users take longer.
      shield: { wrongPasswords: { max: 0, maxPerAddress: 0 } },
      // With fewer connections, the logins would wait for each other, and the measurement would take minutes.
      backends: [{ ...directoryBackend(slapd), urls: [far.url], pool: { search: 16, bind: 64 } }],
    },
    files: { 'policy.yaml': TEAM_POLICY, 'ldap.password': slapd.bindPassword },
  });
  const attempt = async (n: number): Promise<Sample> => {
    const isKnown = n % 2 === 0;
    const user = isKnown ? (KNOWN[n % KNOWN.length] ?? KNOWN[0]) : `nobody${n}`;
    const headers = { ...basic({ user, password: `guess-${n}` }), 'x-forwarded-for': `10.${n % 200}.${n >> 8}.1` };
    const started = performance.now();
    const response = await fetch(`${broker.url}/token?${ASK_WEB}`, { headers });
    await response.text();
    if (response.status !== 401) throw new Error(`refused with ${response.status}`);
    return { isKnown, ms: performance.now() - started };
  };
  const attempts = async (from: number, count: number): Promise<readonly Sample[]> => {
    const samples: Sample[] = [];
    for (let n = from; n < from + count; n += AT_ONCE) {
      samples.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => attempt(n + index)))));
    }
    return samples;
  };
  // The first logins open the connections, and the broker learns how slow its directory is.
  await attempts(0, AT_ONCE);
  const threshold = bestThreshold(await attempts(AT_ONCE, training));
  return rate(await attempts(AT_ONCE + training, tested), threshold);
}

function withDelay(port: number, ms: number): (client: Socket) => void {
  return (client) => {
    const source = connect({ port, host: '127.0.0.1' });
    const later = (work: () => void): void => void setTimeout(work, ms);
    client.on('data', (chunk) => later(() => source.write(chunk)));
    source.on('data', (chunk) => later(() => client.write(chunk)));
    source.on('error', () => undefined);
    client.on('close', () => source.destroy());
    source.on('close', () => client.destroy());
  };
}

/** A login that takes longer than `ms` counts as known, or as unknown. */
interface Threshold {
  readonly ms: number;
  readonly isKnownAbove: boolean;
}

/** The threshold that classifies these samples best. */
export function bestThreshold(samples: readonly Sample[]): Threshold {
  const all = samples.flatMap(({ ms }) => [true, false].map((isKnownAbove) => ({ ms, isKnownAbove })));
  const rated = all.map((threshold) => ({ threshold, rate: rate(samples, threshold) }));
  const [best] = rated.toSorted((a, b) => b.rate - a.rate);
  if (best === undefined) throw new Error('there are no samples');
  return best.threshold;
}

/** The share of the samples that a threshold classifies correctly. */
export function rate(samples: readonly Sample[], { ms: limit, isKnownAbove }: Threshold): number {
  return (
    samples.filter(({ ms, isKnown }) => isKnown === (ms > limit ? isKnownAbove : !isKnownAbove)).length / samples.length
  );
}
