/** The memory of V8's compilers. */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runOk } from '../../support/process.ts';

const MODULE = pathToFileURL(join(resolve(import.meta.dirname, '../../..'), 'src/platform/v8-memory.ts')).href;
const LIMIT_MIB = 60;

/** Calls 400 functions until V8 compiles them all at the same time, as in the first seconds of a load. */
const BURST = `
  const steps = Array.from({ length: 30 }, (_, i) => 'if (x > ' + i + ') y += x * ' + i + '; else y = { a: y }.a;');
  const functions = Array.from({ length: 400 }, (_, n) => new Function('x', 'let y = ' + n + ';' + steps.join('') + 'return y;'));
  for (let round = 0; round < 1000; round += 1) for (const each of functions) each(7);
  const { getHeapStatistics } = await import('node:v8');
  console.log(getHeapStatistics().peak_malloced_memory / 2 ** 20);
`;

/** @returns MiB, the highest that the compilers had at a time */
async function peakOf(script: string): Promise<number> {
  // TurboFan would compile the same functions again, at a time that differs.
  return Number(await runOk(process.execPath, ['--no-turbofan', '--input-type=module', '-e', script]));
}

describe('the memory of a burst of compilations', () => {
  it('is freed with each compilation', async () => {
    expect(await peakOf(`import { boundV8Memory } from '${MODULE}'; boundV8Memory(); ${BURST}`)).toBeLessThan(
      LIMIT_MIB,
    );
  });

  it('accumulates in Node.js alone: once this fails, the flag for Maglev can be removed', async () => {
    expect(await peakOf(BURST)).toBeGreaterThan(LIMIT_MIB);
  });
});
