/** Log lines that any client can cause. */
import { expect, it } from 'vitest';
import { rateLimited } from '../../../src/http/rate-limited-log.ts';

it('writes each message once in ten seconds, with the number of omitted lines', () => {
  let now = 0;
  const lines: unknown[] = [];
  const write = rateLimited(
    (message, fields) => lines.push([message, fields]),
    () => now,
  );

  for (let count = 0; count < 100; count += 1) write('a', { count });
  write('b', {});
  now = 10_000;
  write('a', { count: 100 });
  now = 20_000;
  write('a', { count: 101 });

  expect(lines).toEqual([
    ['a', { count: 0 }],
    ['b', {}],
    ['a', { count: 100, omitted: 99 }],
    ['a', { count: 101 }],
  ]);
});
