import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { processMemory, threadMemoryMiB } from '../../../src/platform/thread-memory.ts';

const MIB = 1024 * 1024;

it.each([
  // The limit of the Helm chart.
  [512, 120, 264],
  [512, 400, -16],
  [8192, 120, 512],
])('in a container with %i MiB, of which %i are used, a thread has %i MiB', (limit, used, expected) => {
  expect(threadMemoryMiB(512, { limit: limit * MIB, used: used * MIB })).toBe(expected);
});

it('the memory of this process is limited by that of the machine', () => {
  const { limit, used } = processMemory();

  expect(limit).toBeGreaterThan(used);
  expect(limit).toBeLessThanOrEqual(totalmem());
  expect(used).toBeGreaterThan(0);
});
