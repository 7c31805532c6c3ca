/** Whether the time of a refusal shows that a user exists. */
import { fail, pass, skip } from '../check.ts';
import type { Check, Verdict } from '../check.ts';
import { Secret } from '../../core/identity.ts';
import { unknownName } from '../server.ts';
import type { Server } from '../server.ts';
import { randomUUID } from 'node:crypto';

/** Pairs of one wrong password for a user and one for an unknown name. */
const PAIRS = 24;
/** A difference below this is lost in the network. */
const NOTICEABLE_MS = 5;

/**
 * The sign test: without a difference, each of the two is the slower one in half of the pairs. With 24 pairs, 20 or more
 * on one side happen by chance in 0.15 % of the runs.
 */
const ONE_SIDED = 20;

export const timingChecks: readonly Check[] = [
  {
    id: 'timing.unknown-user',
    level: 'should',
    title: 'Unknown users and wrong passwords are refused after the same time',
    source: `CWE-208; ${PAIRS} pairs, sign test, false alarms below 0.2 %`,
    breaks: 'An attacker learns which names have an account.',
    after: ['credentials.wrong-password', 'credentials.wrong-password-login', 'credentials.unknown-user'],
    phase: 'measurements',
    run: measure,
  },
];

async function measure(server: Server): Promise<Verdict> {
  const differences: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const known = (): Promise<number | undefined> => timeOf(server, server.guessed.name);
    const unknown = (): Promise<number | undefined> => timeOf(server, unknownName());
    // The order alternates: the second request of a pair may find warm caches.
    const [first, second] = pair % 2 === 0 ? [known, unknown] : [unknown, known];
    const times = [await first(), await second()];
    const [ofKnown, ofUnknown] = pair % 2 === 0 ? times : times.toReversed();
    if (ofKnown === undefined || ofUnknown === undefined) {
      return skip(`after ${pair} pairs, the server limits guesses and answers 429; allow more to measure`);
    }
    differences.push(ofKnown - ofUnknown);
  }
  return judge(differences);
}

/** @param differences milliseconds by which the refusal of the user was later, one for each pair */
export function judge(differences: readonly number[]): Verdict {
  const later = differences.filter((difference) => difference > 0).length;
  const sorted = differences.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const text = `the refusal of the user is later in ${later} of ${differences.length} pairs, by ${median.toFixed(1)} ms in the median`;
  const isOneSided = later >= ONE_SIDED || later <= differences.length - ONE_SIDED;
  return isOneSided && Math.abs(median) >= NOTICEABLE_MS ? fail(text) : pass(text);
}

/** Milliseconds until the refusal of a password that was never sent before; undefined: 429. */
async function timeOf(server: Server, name: string): Promise<number | undefined> {
  const { status, took } = await server.get([], { login: { name, password: new Secret(randomUUID()) } });
  return status === 429 ? undefined : took;
}
