/** V8 collects the garbage of an idle broker, and returns the memory of a load to the system. */
import { describe, expect, it } from 'vitest';
import { start } from '../support/process.ts';
import { startStaticBroker } from '../support/static-broker.ts';

/** V8 looks at an idle process after 30 s, and then each 8 s: too long for a test. */
const TRACE = ['--trace-memory-reducer', '--gc-memory-reducer-start-delay-ms=50', '--memory-reducer-delay-ms=100'];
const LOW = /Memory reducer: low alloc/;
const DECISIONS = /Memory reducer: (low|high) alloc/g;

describe('acceptance 21: the memory reducer of V8', () => {
  it('collects the garbage of an idle broker', async () => {
    await using broker = await startStaticBroker({ nodeOptions: TRACE });

    await broker.process.waitForOutput(LOW);
    await broker.process.waitForOutput(/Memory reducer: finished GC #\d \(done\)/);
  });

  it('never does so in an idle process of Node alone: once this fails, keepMemoryReducerActive can be removed', async () => {
    const script = `
      let kept = [];
      for (let round = 0; round < 60; round += 1) kept = Array.from({ length: 20_000 }, (_, i) => ({ text: 'x' + i }));
      kept = [];
      setInterval(() => undefined, 900_000);`;
    // A script that is no module would be compiled by `vm`.
    await using idle = start(process.execPath, [...TRACE, '--input-type=module', '-e', script]);
    const decisions = (): readonly (string | undefined)[] =>
      [...idle.stdout().matchAll(DECISIONS)].map(([, rate]) => rate);

    // The broker needs fewer than ten.
    await idle.waitUntil('twenty decisions', () => decisions().length >= 20);

    expect(new Set(decisions())).toEqual(new Set(['high']));
  });
});
