/** Users of a file log in while attackers keep hundreds of requests with invented names open. */
import { expect, it } from 'vitest';
import { measureStarvation, USERS } from '../flood/starvation.ts';

/** Far above what it takes, because other tests may load the machine. `npm run flood -- starvation` has the real bound. */
const MAX_MS = 15_000;

it('acceptance 22: 300 open requests for invented names from changing networks keep no user out, cold or warm', async () => {
  const { cold, warm, failures, refusals } = await measureStarvation(1);

  expect([cold.length, warm.length, failures]).toEqual([USERS, USERS, 0]);
  expect(Object.keys(refusals)).toEqual(['401']);
  expect(Math.max(...cold, ...warm)).toBeLessThan(MAX_MS);
}, 120_000);
