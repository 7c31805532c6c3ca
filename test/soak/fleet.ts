/**
 * `npm run soak -- fleet [MINUTES] [SEED]`: three brokers with one store behind Sentinel, one PostgreSQL and two
 * directories, under mixed load, while brokers, stores, PostgreSQL and directories are killed, frozen and cut off. The
 * seed chooses the faults, and is printed. Ends with 1 when
 *
 * - an answer was wrong: a correct password or a valid refresh token refused, a revoked one accepted, no answer in time;
 * - a correct password was not accepted although only the store was down;
 * - a broker did not answer all requests again some time after a fault;
 * - an account had more wrong passwords at the directory than the limits of an outage allow;
 * - heap or descriptors of a broker grew.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SERVICE } from '../support/static-broker.ts';
import { waitFor } from '../support/wait.ts';
import { correctLogin, startClients } from './clients.ts';
import type { Clients, Tally } from './clients.ts';
import { MAX_WRONG } from './fleet-broker.ts';
import type { FleetBroker } from './fleet-broker.ts';
import { fleetFaults } from './fleet-faults.ts';
import type { FleetFault } from './fleet-faults.ts';
import { mostGuesses, quietGauges } from './fleet-measures.ts';
import { BROKERS, openFleetWorld } from './fleet-world.ts';
import type { FleetWorld } from './fleet-world.ts';
import { createRandom } from '../support/random.ts';
import type { Random } from '../support/random.ts';
import { startTokenHolders } from './token-holders.ts';

type Verdict = (isFine: boolean, text: string) => void;

const CLIENTS = 10;
const HOLDERS = 12;
const QUERY = `service=${SERVICE}&scope=repository:public/app:pull`;
const WARM_UP_MS = 60_000;
const SHORTEST_MS = 1000;
const LONGEST_MS = 6000;
const BETWEEN_MS = 1000;
/** Sentinel needs some seconds to find a primary. */
const RECOVERY_MS = 20_000;
const SLACK = { heapMiB: 8, descriptors: 4 } as const;

export async function soakFleet(minutes: number, seed: number, verdict: Verdict): Promise<void> {
  await using world = await openFleetWorld();
  const { brokers } = world;
  const run = createRun(world, createRandom(seed), verdict);
  process.stdout.write(`     seed ${seed}\n`);

  await run.load(Math.min(WARM_UP_MS, minutes * 60_000));
  const before = await quietGauges(world);
  await run.load(minutes * 60_000);
  const after = await quietGauges(world);

  run.report();
  for (const name of ['heapMiB', 'descriptors'] as const) {
    const isLevel = after.every((gauge, n) => gauge[name] <= (before[n]?.[name] ?? 0) + SLACK[name]);
    const shown = (gauges: readonly Record<typeof name, number>[]): string =>
      gauges.map((one) => one[name].toFixed(0)).join(', ');
    verdict(isLevel, `${name} level: ${shown(before)} before, ${shown(after)} after`);
  }
  const outages = brokers.reduce((sum, broker) => sum + broker.storeOutages(), 0);
  const { losses, lonelyStarts } = run.counts();
  // The limit holds anew when the store has lost the counts, and for a broker that starts while the store is down and
  // does not know of the others. In each outage that a broker sees, it takes its share.
  const allowed = MAX_WRONG * (1 + losses + lonelyStarts) + Math.max(1, Math.floor(MAX_WRONG / BROKERS)) * outages;
  const most = mostGuesses(world.directories);
  verdict(most <= allowed, `${most} wrong passwords of one account reached the directory, allowed ${allowed}`);
  process.stdout.write(
    `     ${outages} outages of the store as brokers saw them, ${losses} times its counts were lost, ${lonelyStarts} starts without it\n`,
  );
}

interface Run {
  /** Clients send requests, and faults happen, for so long. */
  load(milliseconds: number): Promise<void>;
  report(): void;
  counts(): { readonly losses: number; readonly lonelyStarts: number };
}

function createRun(world: FleetWorld, random: Random, verdict: Verdict): Run {
  const { brokers } = world;
  const faults = fleetFaults(world);
  const tallies: Pick<Tally, 'answers' | 'wrong' | 'slowest'>[] = [];
  /** The faults of each step. */
  const steps: (readonly FleetFault[])[] = [];
  const recoveries: { readonly what: string; readonly took: number }[] = [];

  async function step(): Promise<void> {
    const chosen = choose(faults, random);
    const what = chosen.map((fault) => fault.what).join(' and ');
    const lasts = SHORTEST_MS + random.int(LONGEST_MS - SHORTEST_MS);
    steps.push(chosen);
    const undo: (() => unknown)[] = [];
    try {
      for (const fault of chosen) undo.push(await fault.happen());
      const isOfStore = chosen.every(({ of }) => of === 'store');
      const refused = isOfStore ? await correctLogins(brokers, lasts) : await delay(lasts, []);
      if (refused.length > 0) verdict(false, `${what}: correct passwords got ${refused.join(', ')}`);
    } finally {
      for (const restore of undo.toReversed()) await restore();
    }
    const started = performance.now();
    try {
      await waitFor('each broker to answer', () => answerAgain(brokers), { timeoutMs: RECOVERY_MS });
    } catch {
      verdict(false, `${what}: a broker does not answer ${RECOVERY_MS} ms after it`);
    }
    const took = performance.now() - started;
    recoveries.push({ what, took });
    process.stdout.write(
      `     ${what}, for ${(lasts / 1000).toFixed(1)} s; all brokers answer ${(took / 1000).toFixed(1)} s after it\n`,
    );
    await delay(BETWEEN_MS);
  }

  return {
    load: async (milliseconds) => {
      const groups: readonly Clients[] = brokers.map(({ url, wasAway }) =>
        startClients(url, QUERY, CLIENTS, { isFleet: true, wasAway }),
      );
      const holders = startTokenHolders(brokers, HOLDERS);
      const end = performance.now() + milliseconds;
      while (performance.now() < end) await step();
      for (const clients of groups) await clients.stop();
      await holders.stop();
      tallies.push(...groups.map((clients) => clients.tally()));
      tallies.push({ answers: holders.answers, wrong: [...holders.wrong], slowest: 0 });
    },
    report: () => {
      reportAnswers(tallies, verdict);
      const [worst] = recoveries.toSorted((one, other) => other.took - one.took);
      verdict(
        true,
        `${steps.flat().length} faults; slowest recovery ${worst?.took.toFixed(0)} ms after: ${worst?.what}`,
      );
    },
    counts: () => ({
      losses: steps.flat().filter(({ losesCounts }) => losesCounts).length,
      lonelyStarts: steps.filter(
        (chosen) => chosen.some(({ startsBroker }) => startsBroker) && chosen.some(({ of }) => of === 'store'),
      ).length,
    }),
  };
}

/** One fault, or two of different kinds of servers at once. */
function choose(faults: readonly FleetFault[], random: Random): readonly FleetFault[] {
  const kinds = [...new Set(faults.map(({ of }) => of))];
  const first = random.oneOf(kinds);
  const ofKind = (kind: string): FleetFault => random.oneOf(faults.filter(({ of }) => of === kind));
  const one = ofKind(first);
  if (random.int(5) >= 2) return [one];
  return [one, ofKind(random.oneOf(kinds.filter((kind) => kind !== first)))];
}

const PROBES = 12;

/** Logins at all brokers in turn. @returns the statuses of those that were not accepted */
async function correctLogins(brokers: readonly FleetBroker[], milliseconds: number): Promise<readonly number[]> {
  const refused: number[] = [];
  for (let n = 0; n < PROBES; n += 1) {
    const { status } = (await brokers[n % brokers.length]?.current().token(QUERY, correctLogin(n))) ?? { status: 0 };
    if (status !== 200) refused.push(status);
    await delay(milliseconds / PROBES);
  }
  return refused;
}

/** A user may have 50 tokens, so that the probes are of many users. */
const PROBE_USERS = 100;
let probes = 0;

/** Whether each broker reaches a directory, and stores a refresh token. */
async function answerAgain(brokers: readonly FleetBroker[]): Promise<boolean> {
  probes += 1;
  const login = correctLogin(HOLDERS + (probes % PROBE_USERS));
  const answers = brokers.map(async (broker) => {
    const { body } = await broker.current().token(`${QUERY}&offline_token=true&client_id=probe`, login);
    return typeof body['refresh_token'] === 'string';
  });
  return (await Promise.all(answers)).every(Boolean);
}

function reportAnswers(tallies: readonly Pick<Tally, 'answers' | 'wrong' | 'slowest'>[], verdict: Verdict): void {
  const answers = new Map<string, number>();
  for (const tally of tallies) {
    for (const [name, count] of tally.answers) answers.set(name, (answers.get(name) ?? 0) + count);
  }
  const sorted = [...answers].toSorted(([one], [other]) => one.localeCompare(other));
  for (const [name, count] of sorted) process.stdout.write(`     ${name.padEnd(40)} ${count}\n`);
  const wrong = new Set(tallies.flatMap((tally) => tally.wrong));
  const slowest = Math.max(...tallies.map((tally) => tally.slowest));
  verdict(wrong.size === 0, `no wrong answer: ${[...wrong].join(', ') || 'none'}; slowest ${slowest.toFixed(0)} ms`);
}
