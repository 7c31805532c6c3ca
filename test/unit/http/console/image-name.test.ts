/** The repository in the text that people paste. */
import { expect, it } from 'vitest';
import { readImageName } from '../../../../src/http/console/image-name.ts';

const SERVICES = ['registry.example.com', 'localhost:5000'];
const DIGEST = `sha256:${'0a'.repeat(32)}`;

it.each([
  ['web/shop', { repository: 'web/shop' }],
  [' web/shop:1.2 ', { repository: 'web/shop' }],
  [`web/shop:1.2@${DIGEST}`, { repository: 'web/shop' }],
  [`registry.example.com/web/shop@${DIGEST}`, { repository: 'web/shop', service: 'registry.example.com' }],
  ['localhost:5000/web/shop:1', { repository: 'web/shop', service: 'localhost:5000' }],
])('the image %j is in a repository', (text, expected) => {
  expect(readImageName(text, SERVICES)).toEqual(expected);
});

it.each([['other.example.com:5000/web/shop'], ['registry.example.com.evil/web'], ['web:/shop'], ['Web/Shop'], ['']])(
  'the text %j is not changed, and is judged as a repository',
  (text) => {
    expect(readImageName(text, SERVICES)).toEqual({ repository: text });
  },
);
