import { defineConfig } from 'vitest/config';

/** Real servers share two cores on CI, so the files that start them run one after another. */
const servers = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/golden/*.test.ts', 'test/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...servers } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...servers } },
    ],
  },
});
