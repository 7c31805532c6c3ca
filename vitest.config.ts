import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Property tests and other comparisons of many random cases: minutes under load, so they have a project of their own. */
const PROPERTIES = 'test/**/*.properties.test.ts';

/** These tests share nothing between files, so a worker keeps the modules that it has loaded, and every core works. */
const computing = { isolate: false, maxWorkers: availableParallelism(), hookTimeout: 60_000 } as const;

/** Milliseconds that `expect.poll` waits. The default, a second, is less than a busy machine needs for one page. */
const expect = { poll: { timeout: 30_000 } } as const;

/**
 * Files that start real servers mostly wait for them, so two run at a time, after the files that compute. Each server has a
 * free port, or a loopback address of its own.
 */
const servers = {
  maxWorkers: 2,
  sequence: { groupOrder: 1 },
  testTimeout: 180_000,
  hookTimeout: 240_000,
  expect,
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/golden/*.test.ts', 'test/*.test.ts'],
          exclude: [PROPERTIES],
          testTimeout: 120_000,
          expect,
          ...computing,
        },
      },
      { test: { name: 'properties', include: [PROPERTIES], testTimeout: 120_000, ...computing } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...servers } },
      // Helm and its checker take minutes to build, so `npm test` leaves them out.
      { test: { name: 'kubernetes', include: ['test/kubernetes/*.test.ts'], ...servers } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...servers } },
    ],
  },
});
