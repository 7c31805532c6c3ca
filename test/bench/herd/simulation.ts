/**
 * A herd: the nodes of a cluster that pull one image at the same time after a deployment. Brokers, their caches and the
 * directory are simulated with discrete events, so that fleets can be compared that no single machine can run.
 *
 * The model: a pull asks for some tokens, one after the other, of a broker that the balancer chooses at random. A broker
 * answers from its cache, waits for the bind of the same login that is under way, or asks the directory, which does one
 * bind after another. A login that has no answer at its deadline is refused (503), and the node begins its pull again
 * after a pause that doubles, as the kubelet does (10 s to 300 s, 10 % more or less).
 */
import { quantile } from '../../support/quantile.ts';
import type { Random } from '../../support/random.ts';
import { createSchedule, ImpatientQueue, Processor } from './schedule.ts';
import type { Schedule } from './schedule.ts';

/** Times are in seconds. */
export interface Herd {
  readonly nodes: number;
  /** The nodes begin within this time. */
  readonly spread: number;
  /** How many different logins the nodes have. */
  readonly logins: number;
  readonly tokensPerPull: number;
  /** Between two tokens of a pull. */
  readonly gap: number;
  readonly brokers: number;
  readonly tokensPerSecond: number;
  readonly bindsPerSecond: number;
  readonly deadline: number;
  /** Who knows that a login was successful: nobody, the broker that asked, or all brokers. */
  readonly cache: 'none' | 'each' | 'shared';
  readonly remember: number;
  /** How long the directory refuses connections from the start on. */
  readonly directoryDown?: number;
  /** Whether all logins were successful before, and may be answered from the cache while the directory is down. */
  readonly staleIfError?: boolean;
}

export interface Result {
  readonly binds: number;
  /** Answers 503. */
  readonly refused: number;
  /** Seconds from the first try of a pull to its last token. */
  readonly p50: number;
  readonly p99: number;
}

const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 300;

/** The pauses of the kubelet between failed pulls of an image, in seconds. */
export function pauses(random: Random): () => number {
  let next = FIRST_PAUSE;
  return () => {
    const pause = next;
    next = Math.min(2 * next, LONGEST_PAUSE);
    return pause * (0.9 + 0.2 * random.fraction());
  };
}

export function simulate(herd: Herd, random: Random): Result {
  const schedule = createSchedule();
  const directory = new ImpatientQueue(schedule, herd.bindsPerSecond);
  const caches = Array.from({ length: herd.cache === 'shared' ? 1 : herd.brokers }, () =>
    createLogins(herd, schedule, directory),
  );
  const brokers = Array.from({ length: herd.brokers }, (_, n) => ({
    processor: new Processor(schedule, herd.tokensPerSecond),
    logins: caches[n % caches.length] as Logins,
  }));
  const times: number[] = [];
  let refused = 0;

  function askForToken(login: number, done: (answered: boolean) => void): void {
    const { processor, logins } = brokers[random.int(brokers.length)] as (typeof brokers)[number];
    processor.handle(() => logins.verify(login, done));
  }

  function pull(login: number): void {
    const started = schedule.now();
    const pause = pauses(random);
    let left = herd.tokensPerPull;
    const next = (): void =>
      askForToken(login, (answered) => {
        if (!answered) {
          refused += 1;
          left = herd.tokensPerPull;
          schedule.in(pause(), next);
          return;
        }
        left -= 1;
        if (left === 0) times.push(schedule.now() - started);
        else schedule.in(herd.gap, next);
      });
    next();
  }

  for (let node = 0; node < herd.nodes; node += 1) {
    schedule.in(herd.spread * random.fraction(), () => pull(node % herd.logins));
  }
  schedule.run();
  return { binds: directory.handled, refused, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** The cache of successful logins of one broker, or of all. */
interface Logins {
  verify(login: number, done: (answered: boolean) => void): void;
}

function createLogins(herd: Herd, schedule: Schedule, directory: ImpatientQueue): Logins {
  const freshUntil = new Map<number, number>();
  const underWay = new Map<number, ((answered: boolean) => void)[]>();

  function ask(done: (answered: boolean) => void): void {
    if (schedule.now() < (herd.directoryDown ?? 0)) done(herd.staleIfError === true);
    else directory.handle(herd.deadline, done);
  }

  return {
    verify: (login, done) => {
      if (herd.cache === 'none') {
        ask(done);
        return;
      }
      if (schedule.now() < (freshUntil.get(login) ?? 0)) {
        done(true);
        return;
      }
      const others = underWay.get(login);
      if (others !== undefined) {
        others.push(done);
        return;
      }
      const waiting = [done];
      underWay.set(login, waiting);
      ask((answered) => {
        underWay.delete(login);
        if (answered) freshUntil.set(login, schedule.now() + herd.remember);
        for (const callBack of waiting) callBack(answered);
      });
    },
  };
}
