/** Which endpoints a provider may name. */
import { describe, expect, it } from 'vitest';
import { endpointCheck } from '../../../../src/backends/http-client/endpoint-check.ts';

const HTTPS = 'https://id.example.com/realms/corp';
const LOOPBACK = 'http://127.0.0.1:8080/realms/corp';
const PLAIN = ['http://127.0.0.1:9/token', 'http://localhost:9/token', 'http://[::1]:9/token', 'http://2130706433:9/x'];

const allows = (configured: readonly string[], url: string, hasProxy = false): boolean =>
  endpointCheck(configured, hasProxy)(new URL(url));

describe('the check of endpoints', () => {
  it.each([HTTPS, 'https://127.0.0.1/token', 'https://elsewhere.example/token'])('allows %s', (url) => {
    expect(allows([HTTPS], url)).toBe(true);
  });

  it.each(PLAIN)('refuses %s of a provider that is configured with https', (url) => {
    expect(allows([HTTPS], url)).toBe(false);
  });

  it.each(PLAIN)('allows %s of a provider that is configured with http on loopback', (url) => {
    expect(allows([LOOPBACK], url)).toBe(true);
  });

  it('allows an address of keys on loopback that the configuration names in addition to an https issuer', () => {
    expect(allows([HTTPS, 'http://127.0.0.1:8001/keys'], 'http://127.0.0.1:8001/keys')).toBe(true);
  });

  it('refuses loopback addresses where requests go through a proxy', () => {
    expect(allows([LOOPBACK], LOOPBACK)).toBe(true);
    expect(allows([LOOPBACK], LOOPBACK, true)).toBe(false);
  });

  it.each(['http://id.example.com/token', 'http://localhost.example.com/', 'file:///etc/passwd', 'ftp://127.0.0.1/'])(
    'refuses %s of any provider',
    (url) => {
      expect(allows([HTTPS], url)).toBe(false);
      expect(allows([LOOPBACK], url)).toBe(false);
    },
  );
});
