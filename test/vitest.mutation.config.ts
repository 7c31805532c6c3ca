/** What `npm run mutation` runs for each mutant of the decision core: the tests of that core alone. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ['test/unit/core/**/*.test.ts'],
    // Comparing policies decides much and is none of the core.
    exclude: ['test/unit/core/policy/diff/**'],
  },
});
