import { expect, it } from 'vitest';
import { programName } from '../../../src/pages/parts/program.ts';

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15',
    'Safari on macOS',
  ],
  [
    'Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0 Mobile/15E148 Safari/604.1',
    'Chrome on iOS',
  ],
  ['docker', 'docker'],
  ['docker-credential-fairlead 1.4', 'docker-credential-fairlead 1.4'],
  ['', 'unknown program'],
])('%j is shown as %s', (userAgent, name) => {
  expect(programName(userAgent)).toBe(name);
});

it('cuts the text of an unknown program', () => {
  expect(programName('x'.repeat(500))).toHaveLength(81);
});
