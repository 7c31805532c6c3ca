/** What `npm run mutation` runs for each mutant of the decision core: the tests of that core alone. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ['test/unit/core/**/*.test.ts'],
    // What compares policies and rules decides much and is none of the core.
    exclude: ['diff/**', 'lint/**', 'relation/**', 'who-can*', 'near-misses*'].map(
      (name) => `test/unit/core/policy/${name}`,
    ),
  },
});
