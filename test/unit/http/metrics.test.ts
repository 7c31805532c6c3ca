/** The cache of the metrics page. */
import { expect, it } from 'vitest';
import { cachedPage } from '../../../src/http/metrics.ts';
import { fixedClock } from '../../support/fakes.ts';

it('renders the metrics once per second, however many readers there are at once', async () => {
  const clock = fixedClock();
  let renderings = 0;
  const page = cachedPage(async () => ({ contentType: 'text/plain', text: `rendering ${++renderings}` }), clock);

  const first = await Promise.all([page(), page(), page()]);
  clock.advance(0.9);
  const soon = await page();
  clock.advance(0.2);
  const later = await page();

  expect([...first, soon, later].map(({ text }) => text)).toEqual([
    'rendering 1',
    'rendering 1',
    'rendering 1',
    'rendering 1',
    'rendering 2',
  ]);
});
