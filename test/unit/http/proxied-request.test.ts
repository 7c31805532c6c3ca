/** The request that a proxy asks about, as ingress-nginx sends it: with the whole URL in addition to the target. */
import { describe, expect, it } from 'vitest';
import { proxiedRequest } from '../../../src/http/forward-auth/proxied-request.ts';

const TARGET = '/v2/web/shop/tags/list?n=5';

/** What the broker reads where nginx sends these headers. */
function read(headers: Readonly<Record<string, string>>): ReturnType<typeof proxiedRequest> {
  return proxiedRequest({ method: 'GET', rawHeaders: Object.entries(headers).flat() }, '', 'nginx');
}

const INGRESS = {
  'X-Original-Method': 'GET',
  'X-Original-URI': TARGET,
  'X-Original-URL': `https://registry.example.com${TARGET}`,
};

describe('the headers of ingress-nginx', () => {
  it('are those of nginx with the whole URL', () => {
    expect(read(INGRESS)).toEqual({ method: 'GET', target: TARGET, contentTypes: [] });
    expect(read({ ...INGRESS, 'X-Original-URL': `http://localhost:8080${TARGET}` })).toMatchObject({ target: TARGET });
  });

  it('are not clear where the target is one that the client has sent', () => {
    for (const target of ['/v2/public/app/tags/list', `https://registry.example.com${TARGET}`, ''])
      expect(read({ ...INGRESS, 'X-Original-URI': target })).toMatch(
        /differ: for ingress-nginx, set the annotation auth-method/,
      );
  });

  it('are not clear without the target, which ingress-nginx sends with auth-method only', () => {
    const { 'X-Original-URI': _, ...without } = INGRESS;

    expect(read(without)).toMatch(/must each be there once/);
  });

  it('are refused where the service is behind another proxy', () => {
    const request = { method: 'GET', rawHeaders: ['X-Original-URL', `https://registry.example.com${TARGET}`] };

    for (const proxy of ['caddy', 'traefik', 'envoy'] as const)
      expect(proxiedRequest(request, TARGET, proxy)).toMatch(/the header x-original-url, which \w+ does not send/);
  });
});
