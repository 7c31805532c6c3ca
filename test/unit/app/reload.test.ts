import { describe, expect, it } from 'vitest';
import { createReload, reloadWhenDue } from '../../../src/app/reload.ts';
import { recordingLog } from '../../support/fakes.ts';

/** A reload whose runs end when the test says so. */
function setUp() {
  const runs: PromiseWithResolvers<{ readonly revision: string }>[] = [];
  const outcomes: string[] = [];
  const log = recordingLog();
  const timers: { readonly milliseconds: number; readonly work: () => void }[] = [];
  const reload = createReload({
    later: (milliseconds, work) => void timers.push({ milliseconds, work }),
    reloadable: {
      what: 'policy',
      reload: () => {
        const run = Promise.withResolvers<{ readonly revision: string }>();
        runs.push(run);
        return run.promise;
      },
    },
    log,
    onReload: (_what, outcome) => void outcomes.push(outcome),
  });
  return { reload, runs, outcomes, log, timers };
}

describe('a reload', () => {
  it('logs what it has loaded, and counts it', async () => {
    const { reload, runs, outcomes, log } = setUp();

    const done = reload();
    runs[0]?.resolve({ revision: 'r2' });
    await done;

    expect(log.lines).toEqual([{ level: 'info', message: 'policy reloaded', fields: { revision: 'r2' } }]);
    expect(outcomes).toEqual(['loaded']);
  });

  it('never throws: an invalid file is logged as an error and counted', async () => {
    const { reload, runs, outcomes, log } = setUp();

    const done = reload();
    runs[0]?.reject(new Error('line 3'));
    await done;

    expect(log.lines).toEqual([
      {
        level: 'error',
        message: 'policy NOT reloaded: the old content stays in force until the file is fixed',
        fields: { cause: 'line 3' },
      },
    ]);
    expect(outcomes).toEqual(['refused']);
  });

  it('during another one waits for it, and all that wait share one further run', async () => {
    const { reload, runs } = setUp();

    const first = reload();
    const others = [reload(), reload(), reload()];
    const duringFirst = runs.length;
    runs[0]?.resolve({ revision: 'r2' });
    await first;
    runs[1]?.resolve({ revision: 'r3' });
    await Promise.all(others);

    expect([duringFirst, runs.length]).toEqual([1, 2]);
  });

  it('that waits is a further run each time, not only the first time', async () => {
    const { reload, runs } = setUp();

    for (const first of [0, 2]) {
      const all = [reload(), reload()];
      runs[first]?.resolve({ revision: 'r2' });
      await all[0];
      runs[first + 1]?.resolve({ revision: 'r3' });
      await Promise.all(all);
    }

    expect(runs.length).toBe(4);
  });

  it('after another one is a run of its own, also after a failure', async () => {
    const { reload, runs, outcomes } = setUp();

    const first = reload();
    runs[0]?.reject(new Error('line 3'));
    await first;
    const second = reload();
    runs[1]?.resolve({ revision: 'r3' });
    await second;

    expect(outcomes).toEqual(['refused', 'loaded']);
  });
});

describe('a reload that meets an error of the machine', () => {
  it.each([
    "EMFILE: too many open files, open 'policy.yaml'",
    'policy.yaml: cannot be read (EIO), expected a text file',
    'policy.yaml: cannot be read (ESTALE), expected a text file',
    'policy.yaml: cannot be read (its file system does not answer), expected a text file',
  ])('is tried again, less and less often, until it succeeds: %s', async (message) => {
    const { reload, runs, timers, outcomes } = setUp();
    const settled = async (): Promise<void> => {
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    };

    void reload();
    for (let count = 0; count < 4; count += 1) {
      runs[count]?.reject(new Error(message));
      await settled();
      timers[count]?.work();
      await settled();
    }
    runs[4]?.resolve({ revision: 'r2' });
    await settled();

    expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([1000, 5000, 30_000, 30_000]);
    expect(outcomes).toEqual(['refused', 'refused', 'refused', 'refused', 'loaded']);
  });

  it('is not tried again after another reload has succeeded', async () => {
    const { reload, runs, timers } = setUp();
    const first = reload();
    runs[0]?.reject(new Error('EMFILE: too many open files'));
    await first;

    const second = reload();
    runs[1]?.resolve({ revision: 'r2' });
    await second;
    timers[0]?.work();

    expect(runs).toHaveLength(2);
  });

  it('is another matter than an invalid file, which is read again when it changes', async () => {
    const { reload, runs, timers } = setUp();
    const done = reload();
    runs[0]?.reject(new Error('line 3'));
    await done;

    expect(timers).toEqual([]);
  });
});

describe('a reload that is due without a change of a file', () => {
  function setUpDue(isDue: () => boolean) {
    let tick: () => void = () => undefined;
    let stopped = false;
    let reloads = 0;
    const stop = reloadWhenDue(
      isDue,
      async () => void (reloads += 1),
      (_milliseconds, work) => {
        tick = work;
        return () => void (stopped = true);
      },
    );
    return { stop, tick: () => tick(), reloads: () => reloads, isStopped: () => stopped };
  }

  it('begins when it is due, and again while it stays due', () => {
    let isDue = false;
    const { tick, reloads } = setUpDue(() => isDue);

    tick();
    expect(reloads()).toBe(0);
    isDue = true;
    tick();
    tick();
    expect(reloads()).toBe(2);
    isDue = false;
    tick();
    expect(reloads()).toBe(2);
  });

  it('is not looked for any more when the broker stops', () => {
    const { stop, isStopped } = setUpDue(() => true);

    expect(isStopped()).toBe(false);
    stop();
    expect(isStopped()).toBe(true);
  });
});
