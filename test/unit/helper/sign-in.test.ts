/** What the credential helper reads of registries, sign-in servers and browsers. */
import { describe, expect, it } from 'vitest';
import { hasBrowser } from '../../../src/helper/login/browser.ts';
import { parseChallenge } from '../../../src/helper/login/challenge.ts';
import { readCallback } from '../../../src/helper/login/loopback.ts';
import { registryName } from '../../../src/helper/registry-name.ts';

const ISSUER = 'https://auth.example.com';

describe('the answer of the browser', () => {
  const answer = (more: Readonly<Record<string, string>>) =>
    readCallback(new URLSearchParams({ code: 'c', state: 's', iss: ISSUER, ...more }), 's', ISSUER);

  it('has the code of this sign-in', () => {
    expect(answer({})).toEqual({ code: 'c' });
  });

  it.each([{ state: 'of another' }, { state: '' }, { iss: 'https://evil.example.com' }, { iss: '' }])(
    'is ignored with %j: it belongs to another sign-in',
    (more) => {
      expect(answer(more)).toBeUndefined();
    },
  );

  it('has the reason of a refusal', () => {
    expect(answer({ code: '', error: 'access_denied', error_description: 'refused' })).toEqual({ error: 'refused' });
  });
});

describe('the challenge of a registry', () => {
  it.each([
    ['Bearer realm="https://a/token",service="r"', { realm: 'https://a/token', service: 'r' }],
    ['bearer service="r", realm="https://a/token", scope="x"', { realm: 'https://a/token', service: 'r' }],
    ['Basic realm="x", Bearer realm="https://a/token"', { realm: 'https://a/token', service: '' }],
    ['Basic realm="https://a/token"', undefined],
    ['Bearer service="r"', undefined],
    ['', undefined],
  ])('%s', (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });
});

describe('the name of a registry', () => {
  it.each([
    ['registry.example.com', 'registry.example.com'],
    ['https://Registry.Example.com/v2/', 'registry.example.com'],
    ['localhost:5000/web/shop', 'localhost:5000'],
    ['[::1]:5000', '[::1]:5000'],
    ['a b', undefined],
    ['-x', undefined],
    ['ftp://x', undefined],
    ['', undefined],
    [`${'a'.repeat(300)}.example`, undefined],
  ])('of %j is %j', (text, name) => {
    expect(registryName(text)).toBe(name);
  });
});

describe('a browser', () => {
  it.each([
    ['linux', { DISPLAY: ':0' }, true],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
    ['linux', {}, false],
    ['linux', { DISPLAY: '' }, false],
    ['linux', { DISPLAY: ':0', SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, false],
    ['darwin', {}, true],
    ['darwin', { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, false],
  ] as const)('on %s with %j: %j', (platform, env, expected) => {
    expect(hasBrowser({ platform, env })).toBe(expected);
  });
});
