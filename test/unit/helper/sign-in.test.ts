/** What the credential helper reads of registries, sign-in servers and browsers. */
import { get } from 'node:http';
import { describe, expect, it } from 'vitest';
import { hasBrowser } from '../../../src/helper/login/browser.ts';
import { parseChallenge } from '../../../src/helper/login/challenge.ts';
import { listenForCallback, readCallback } from '../../../src/helper/login/loopback.ts';
import { requireOwnService } from '../../../src/helper/login/own-service.ts';
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

describe('the port for the answer of the browser', () => {
  const statusOf = async (base: string, path: string): Promise<number | undefined> => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    get({ host: '127.0.0.1', port: new URL(base).port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
    return promise;
  };

  it('stays open for the answer whatever web pages and other programs send to it', async () => {
    const callback = await listenForCallback('s', ISSUER);

    const statuses = [];
    for (const path of ['//', '/callback?state=guess', '/callback?code=c&state=s', '*', '/\\', '/callback%00'])
      statuses.push(await statusOf(callback.url, path));
    const right = await statusOf(callback.url, `/callback?code=c&state=s&iss=${ISSUER}`);

    expect([...new Set(statuses), right]).toEqual([404, 200]);
    expect(await callback.code).toBe('c');
    callback.close();
  });
});

describe('a registry that asks for a login', () => {
  it.each([
    ['registry.example.com', 'registry.example.com'],
    ['registry.example.com:5000', 'Registry.Example.com'],
    ['registry.example.com', 'the registry of the team'],
    ['registry.example.com', 'registry'],
    ['127.0.0.1:5000', 'registry.example.com'],
    ['localhost:5000', 'registry.example.com'],
  ])('%s may name itself %j', (registry, service) => {
    expect(() => requireOwnService(registry, service, false)).not.toThrow();
  });

  it.each([
    ['evil.example', 'registry.example.com'],
    ['evil.example', 'https://registry.example.com/'],
    ['registry.example.com.evil.example', 'registry.example.com'],
    ['web.example.com', 'registry.example.com:5000'],
  ])('%s gets none for %j, which it could use there, unless the user accepts it', (registry, service) => {
    expect(() => requireOwnService(registry, service, false)).toThrow('could use it there');
    expect(() => requireOwnService(registry, service, true)).not.toThrow();
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
