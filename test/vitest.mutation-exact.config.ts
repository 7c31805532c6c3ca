/** The tests that `npm run mutation:exact` runs for each mutant: those that search in policies, without thousands of random ones. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: [
      'test/unit/core/policy/exact/*.test.ts',
      'test/unit/core/policy/diff/{hidden-changes,classes,times}.test.ts',
      'test/unit/core/policy/{documented,invariants,who-can,who-can-hidden}.test.ts',
      'test/unit/core/policy/lint/lint.test.ts',
      'test/unit/config/conditions/readers.test.ts',
    ],
    testTimeout: 60_000,
  },
});
