/** The simulation of `npm run bench:herd`. */
import { array, assert, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSchedule, ImpatientQueue, Processor } from '../../bench/herd/schedule.ts';
import { simulate } from '../../bench/herd/simulation.ts';
import type { Herd } from '../../bench/herd/simulation.ts';
import { createRandom } from '../../support/random.ts';

describe('simulated time', () => {
  it('runs actions in the order of their times, and those of one time in the order in which they were added', () => {
    assert(
      property(array(nat(20)), (times) => {
        const schedule = createSchedule();
        const seen: (readonly [time: number, n: number])[] = [];
        times.forEach((time, n) => schedule.in(time, () => seen.push([schedule.now(), n])));

        schedule.run();

        const expected = times.map((time, n) => [time, n] as const).toSorted(([a], [b]) => a - b);
        expect(seen).toEqual(expected);
      }),
    );
  });

  it('a processor handles one request after another', () => {
    const schedule = createSchedule();
    const processor = new Processor(schedule, 2);
    const answeredAt: number[] = [];
    for (let n = 0; n < 3; n += 1) processor.handle(() => answeredAt.push(schedule.now()));

    schedule.run();

    expect(answeredAt).toEqual([0.5, 1, 1.5]);
  });

  it('a request that cannot be answered before its deadline leaves the queue then, and takes no time of the server', () => {
    const schedule = createSchedule();
    const queue = new ImpatientQueue(schedule, 1);
    const seen: (readonly [answered: boolean, at: number])[] = [];
    const deadlines = [5, 1.5, 5];
    for (const deadline of deadlines) queue.handle(deadline, (answered) => seen.push([answered, schedule.now()]));

    schedule.run();

    expect(seen).toEqual([
      [true, 1],
      [false, 1.5],
      [true, 2],
    ]);
    expect(queue.handled).toBe(2);
  });
});

describe('a simulated herd', () => {
  const HERD: Herd = {
    nodes: 1000,
    spread: 2,
    logins: 100,
    tokensPerPull: 3,
    gap: 1.5,
    brokers: 3,
    tokensPerSecond: 4000,
    bindsPerSecond: 150,
    deadline: 8,
    cache: 'shared',
    remember: 60,
  };
  const simulated = (changes: Partial<Herd> = {}) => simulate({ ...HERD, ...changes }, createRandom(1));

  it('is the same for the same seed', () => {
    expect(simulated()).toEqual(simulated());
  });

  it('binds once for each login with a shared cache, and once at each broker without one', () => {
    expect(simulated()).toMatchObject({ binds: 100, refused: 0 });
    expect(simulated({ cache: 'each' })).toMatchObject({ binds: 300, refused: 0 });
  });

  it('binds for every token without a cache, and is refused when the directory cannot do so many', () => {
    const { binds, refused } = simulated({ cache: 'none', nodes: 2000 });

    expect(binds).toBeGreaterThan(6000);
    expect(refused).toBeGreaterThan(0);
  });

  it('waits for nothing but its own pauses when nothing is scarce', () => {
    const { p50, p99 } = simulated({ bindsPerSecond: 100_000, tokensPerSecond: 100_000 });

    expect(p50).toBeCloseTo(3, 1);
    expect(p99).toBeCloseTo(3, 1);
  });

  it('goes on while the directory is down if its logins may be answered from the cache', () => {
    const down = { directoryDown: 60, remember: 0.5 };

    expect(simulated(down).refused).toBeGreaterThan(0);
    expect(simulated({ ...down, staleIfError: true })).toMatchObject({ binds: 0, refused: 0 });
  });
});
