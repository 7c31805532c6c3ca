/** How many connections fit under the limit of open files. */
import { describe, expect, it } from 'vitest';
import { connectionCounts, openFileLimit } from '../../../src/app/connection-limits.ts';

describe('the connection limit', () => {
  it.each([
    [1_048_576, undefined, 4096],
    [Infinity, undefined, 4096],
    [Infinity, 20_000, 20_000],
    [600, undefined, 472],
    [600, 20_000, 472],
    [1024, 100, 100],
    [64, undefined, 16],
  ])('with %d open files and %s configured is %d', (openFiles, configured, main) => {
    expect(connectionCounts(openFiles, configured)).toEqual({ main, admin: 32 });
  });

  it.each([256, 600, 1024, 4096])(
    'leaves descriptors for files and backends when %d files may be open',
    (openFiles) => {
      const { main, admin } = connectionCounts(openFiles, undefined);

      expect(main + admin).toBeLessThanOrEqual(openFiles - 96);
    },
  );

  it('reads a limit that this process has', () => {
    expect(openFileLimit()).toBeGreaterThanOrEqual(64);
  });
});
