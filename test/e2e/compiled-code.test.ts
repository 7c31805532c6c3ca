/** The start uses the compiled code that Node.js contains, and that of its cache. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/process.ts';
import { startStaticBroker } from '../support/static-broker.ts';

const HOOK = resolve(import.meta.dirname, '../support/record-flags.ts');

/** The rest of the lines is about modules that nothing waits for. */
const untilListening = (output: string): string => output.slice(0, output.indexOf('"message":"listening"'));

describe('the flags of V8', () => {
  it('are the same while the broker loads its modules', async () => {
    await using broker = await startStaticBroker({ nodeOptions: ['--import', HOOK] });
    const output = untilListening(broker.process.output());

    expect(output).toMatch(/^@flags same node:http$/m);
    expect(output).toMatch(/^@flags same .*\/express\/index\.js$/m);
    expect(output).not.toMatch(/^@flags changed/m);
  });

  it('are noticed by this test when they change', async () => {
    const script = "require('node:v8').setFlagsFromString('--heap-growing-percent=10'); require('node:http');";

    expect((await run(process.execPath, ['--import', HOOK, '-e', script])).stderr).toContain(
      '@flags changed node:http',
    );
  });
});
