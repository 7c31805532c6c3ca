import { describe, expect, it } from 'vitest';
import { createBackendStates } from '../../../src/app/backend-states.ts';
import type { BackendState, Timer } from '../../../src/core/ports.ts';
import { fakeBackend, UNKNOWN } from '../../support/fake-backend.ts';
import { fixedClock, noWaiting, recordingLog } from '../../support/fakes.ts';

const UP: BackendState = { state: 'up' };
const DOWN: BackendState = { state: 'down', detail: 'refused' };

function setUp(first: BackendState | Error) {
  const world = { state: first };
  const clock = fixedClock();
  const log = recordingLog();
  const metric: string[] = [];
  const waits: number[] = [];
  let probes = 0;
  const timer: Timer = {
    ...noWaiting,
    within: (work, milliseconds) => {
      waits.push(milliseconds);
      return work;
    },
  };
  const authenticator = {
    ...fakeBackend(UNKNOWN, { name: 'corp' }).chained.authenticator,
    probe: async () => {
      probes += 1;
      if (world.state instanceof Error) throw world.state;
      return world.state;
    },
  };
  const {
    all: states,
    probe,
    found,
    lastProbe,
  } = createBackendStates([authenticator], {
    clock,
    timer,
    log,
    onState: (backend, isUp) => void metric.push(`${backend} ${isUp ? 'up' : 'down'}`),
  });
  const next = async (state: BackendState | Error) => {
    world.state = state;
    clock.advance(1);
    return (await states()).get('corp');
  };
  return { states, probe, found, lastProbe, next, clock, log, metric, waits, probes: () => probes };
}

describe('the states of backends', () => {
  it('are found without another probe, for the heartbeat, once the backend was asked', async () => {
    const { next, found, probes, clock } = setUp(UP);
    const before = found();

    await next(DOWN);
    const since = clock.now();
    await next(DOWN);

    expect(before).toEqual([]);
    expect(found()).toEqual([{ name: 'corp', state: 'down', since, askedAt: since + 1 }]);
    expect(probes()).toBe(2);
  });

  it('are cached for a second, for all who ask', async () => {
    const { states, clock, probes } = setUp(UP);

    await Promise.all([states(), states()]);
    clock.advance(0.9);
    await states();
    const within = probes();
    clock.advance(0.1);
    await states();

    expect([within, probes()]).toEqual([1, 2]);
  });

  it('are logged when they change, and reported to the metric each time', async () => {
    const { next, log, metric } = setUp(UP);

    for (const state of [UP, DOWN, DOWN, UP, UP]) await next(state);

    expect(log.lines).toEqual([
      { level: 'error', message: 'backend down', fields: { backend: 'corp', cause: 'refused' } },
      { level: 'info', message: 'backend up again', fields: { backend: 'corp' } },
    ]);
    expect(metric).toEqual(['corp up', 'corp down', 'corp down', 'corp up', 'corp up']);
  });

  it('are logged when a backend is down from the start', async () => {
    const { next, log } = setUp(DOWN);

    await next(DOWN);

    expect(log.lines).toMatchObject([{ level: 'error', message: 'backend down' }]);
  });

  it('are down for a probe that throws', async () => {
    const { next } = setUp(UP);

    expect(await next(new TypeError('x is undefined'))).toEqual({
      state: 'down',
      detail: 'TypeError: x is undefined',
    });
  });

  it('are waited for up to 2 s and the grace of 200 ms', async () => {
    const { states, waits } = setUp(UP);

    await states();

    expect(waits).toEqual([2200]);
  });

  it('have the time since when they are so, and how long the last probe took', async () => {
    const { next, clock, lastProbe } = setUp(UP);
    const before = lastProbe('corp');

    await next(UP);
    const since = clock.now();
    await next(UP);
    const up = lastProbe('corp');
    await next(DOWN);

    expect(before).toBeUndefined();
    expect(up).toEqual({ state: 'up', since, askedAt: since + 1, milliseconds: 0 });
    expect(lastProbe('corp')).toEqual({ state: 'down', since: since + 2, askedAt: since + 2, milliseconds: 0 });
  });

  it('are asked of one backend at once, and recorded', async () => {
    const { probe, probes, lastProbe } = setUp(DOWN);

    const states = [await probe('corp'), await probe('corp'), await probe('other')];

    expect(states).toEqual([DOWN, DOWN, undefined]);
    expect([probes(), lastProbe('corp')?.state]).toEqual([2, 'down']);
  });
});
