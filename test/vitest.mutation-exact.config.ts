/** The tests that `npm run mutation:exact` runs for each mutant: those with examples of searches, which take some seconds. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: [
      'test/unit/core/policy/exact/*.test.ts',
      'test/unit/core/policy/diff/{hidden-changes,classes,times}.test.ts',
      'test/unit/core/policy/{invariants,who-can-hidden}.test.ts',
    ],
    exclude: ['**/*.properties.test.ts'],
    testTimeout: 60_000,
    isolate: false,
  },
});
