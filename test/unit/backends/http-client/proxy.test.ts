/** The key `proxy`, and the credentials that a proxy gets. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { proxyAddress } from '../../../../src/backends/http-client/proxy-address.ts';
import { networkDetail } from '../../../../src/backends/http-client/network-detail.ts';
import { openProxy, proxyFiles } from '../../../../src/backends/http-client/proxy.ts';
import { Secret } from '../../../../src/core/identity.ts';

const URL = 'http://proxy.example.com:3128';
const PASSWORD = 'pass:wörd-of-the-proxy';

function parse(value: unknown) {
  return z.parse(proxyAddress, value);
}

const reading = (password: string) => () => ({ read: async () => new Secret(password) });

describe('the credentials of a proxy', () => {
  it('are none for an address alone', async () => {
    expect(await openProxy(parse(URL), reading(PASSWORD))).toEqual({ url: URL });
    expect(await openProxy(undefined, reading(PASSWORD))).toBeUndefined();
    expect(proxyFiles(parse(URL))).toEqual([]);
  });

  it('are sent as RFC 7617 says, in UTF-8', async () => {
    const address = parse({ url: URL, username: 'fairlead', password: { file: '/run/proxy' } });

    const proxy = await openProxy(address, reading(PASSWORD));

    const [scheme, credentials = ''] = proxy?.authorization?.split(' ') ?? [];
    expect([proxy?.url, scheme]).toEqual([URL, 'Basic']);
    expect(Buffer.from(credentials, 'base64').toString()).toBe(`fairlead:${PASSWORD}`);
    expect(proxyFiles(address)).toEqual(['/run/proxy']);
  });

  it('are in no message when they cannot be sent', async () => {
    const address = parse({ url: URL, username: 'fairlead', password: { env: 'PROXY_PASSWORD' } });

    const error: unknown = await openProxy(address, reading('line\nbreak')).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      code: 'backend_unavailable',
      message: 'proxy.password: expected a text without control characters',
    });
  });

  it.each([
    ['in the URL', 'http://fairlead:word@proxy.example.com:3128'],
    ['in the URL of an object', { url: 'http://fairlead:word@proxy', username: 'a', password: { env: 'P' } }],
    ['as a text', { url: URL, username: 'fairlead', password: 'word' }],
    ['without a password', { url: URL, username: 'fairlead' }],
    ['without a user name', { url: URL, password: { env: 'P' } }],
    ['with a colon in the user name', { url: URL, username: 'fair:lead', password: { env: 'P' } }],
  ])('are refused %s', (_where, value) => {
    const { error } = z.safeParse(proxyAddress, value);

    expect(error).toBeDefined();
    expect(JSON.stringify(error?.issues)).not.toContain('word@');
  });

  it('are what to set when the proxy asks for them', () => {
    const refusal = (status: number): Error => {
      const inner = new Error(`Proxy response (${status}) !== 200 when HTTP Tunneling`);
      return new TypeError('fetch failed', { cause: new Error('Request was cancelled.', { cause: inner }) });
    };

    expect(networkDetail(refusal(407))).toBe(
      'the proxy answered 407: set proxy to { url, username, password } with the credentials that the proxy accepts',
    );
    expect(networkDetail(refusal(502))).toBe('the proxy answered 502');
  });
});
