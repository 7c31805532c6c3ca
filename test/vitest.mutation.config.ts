/** The tests that `npm run mutation` runs for each mutant. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: [
      'test/unit/core/**/*.test.ts',
      'test/unit/config/conditions/*.test.ts',
      'test/unit/config/match/*.test.ts',
      'test/unit/flows/**/*.test.ts',
    ],
    // A search for random policies takes seconds, and the tests with examples detect the same mutants.
    exclude: ['test/unit/core/policy/diff/classes.properties.test.ts'],
    testTimeout: 60_000,
  },
});
