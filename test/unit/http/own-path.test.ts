/** Where a browser goes after its sign-in. */
import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownPath } from '../../../src/http/console/own-path.ts';

const ORIGIN = 'https://auth.example.com';

describe('the page after a sign-in', () => {
  it.each(['/console/tokens', '/console', '/console/access?repository=web%2Fa&ask=1', '/device', '/authorize?state=x'])(
    'is %s when a link names it',
    (path) => {
      expect(ownPath(path)).toBe(path);
    },
  );

  it.each([
    undefined,
    '',
    '//evil.example/console',
    '/\\evil.example',
    '/console\\..\\..\\',
    'https://evil.example/console',
    'javascript:alert(1)',
    '/console/../token',
    '/console/%2e%2e/token',
    '/consolex',
    '/sign-in',
    '/sign-out/sso',
    '/token',
    '/console/\u0000',
    '/console/\n/evil',
    '/console#fragment'.repeat(100),
  ])('is none of ours for %j', (text) => {
    expect(ownPath(text)).toBeUndefined();
  });

  it('never leaves this server, whatever the text is', () => {
    const parts = constantFrom(
      '/',
      '//',
      '\\',
      '..',
      '.',
      '%2e',
      '%2f',
      '%5c',
      ':',
      '@',
      '?',
      '#',
      'console',
      'evil.example',
      '\t',
      ' ',
      'http',
    );
    const text = oneof(
      string(),
      array(parts, { maxLength: 12 }).map((list) => `/console${list.join('')}`),
      array(parts, { maxLength: 12 }).map((list) => list.join('')),
    );
    assert(
      property(text, (to) => {
        const path = ownPath(to);
        if (path === undefined) return;
        const url = new URL(path, `${ORIGIN}/sign-in`);
        expect(url.origin).toBe(ORIGIN);
        expect(url.pathname).toMatch(/^\/(?:console|authorize|device)(?:\/|$)/);
      }),
      { numRuns: 2000 },
    );
  });
});
