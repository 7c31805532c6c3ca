import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { proxyBlock } from '../../../src/core/proxy-config/index.ts';
import type { ProxyBlock, ProxyFacts, ProxySite } from '../../../src/core/proxy-config/site.ts';
import { REGISTRY_PROXIES } from '../../../src/core/registry-proxy.ts';
import type { RegistryProxy } from '../../../src/core/registry-proxy.ts';
import { HTTP_LIMITS } from '../../../src/http/server.ts';

const SITE: ProxySite = {
  service: 'registry.example.com',
  host: 'registry.example.com',
  port: 443,
  registry: '127.0.0.1:5000',
  brokerPath: undefined,
};
const FACTS: ProxyFacts = { broker: { host: '127.0.0.1', port: 5001, isTls: false }, sites: [SITE] };
const SOCKET: ProxyFacts = { broker: { socket: '/run/fairlead.sock' }, sites: [SITE] };
const TLS: ProxyFacts = { broker: { host: 'auth.example.com', port: 5001, isTls: true }, sites: [SITE] };

function block(kind: RegistryProxy, facts: ProxyFacts = FACTS): ProxyBlock {
  const made = proxyBlock(kind, facts);
  if (typeof made === 'string') throw new Error(made);
  return made;
}

const withSite = (change: Partial<ProxySite>): ProxyFacts => ({ ...FACTS, sites: [{ ...SITE, ...change }] });

describe.each(REGISTRY_PROXIES)('the block for %s', (kind) => {
  it('names the endpoint of the service and the registry', () => {
    const { text } = block(kind);

    expect(text).toContain('/forward-auth/registry.example.com');
    expect(text).toMatch(kind === 'envoy' ? /"127\.0\.0\.1", port_value: 5000/ : /127\.0\.0\.1:5000/);
  });

  it('removes the credentials of clients from requests to the registry', () => {
    const removed = {
      nginx: 'proxy_set_header Authorization "";',
      caddy: 'header_up -Authorization',
      traefik: 'customRequestHeaders: { Authorization: "" }',
      envoy: 'request_headers_to_remove: [authorization]',
    }[kind];

    expect(block(kind).text).toContain(removed);
  });

  it('escapes a name of the service that is not a host', () => {
    const { text } = block(kind, withSite({ service: 'Docker "registry" /x;{$y}' }));

    expect(text).toContain('/forward-auth/Docker%20%22registry%22%20%2Fx%3B%7B%24y%7D');
  });

  it('keeps each registry separate where there are several', () => {
    const other = { ...SITE, service: 'b.example.com', host: 'b.example.com', registry: '10.0.0.2:5000' };
    const { text } = block(kind, { ...FACTS, sites: [SITE, other] });

    expect(text).toContain('/forward-auth/registry.example.com');
    expect(text).toContain('/forward-auth/b.example.com');
    expect(text).toMatch(kind === 'envoy' ? /10\.0\.0\.2", port_value: 5000/ : /10\.0\.0\.2:5000/);
  });

  it('passes the path of the broker at the host of the registry to the broker', () => {
    const { text } = block(kind, withSite({ brokerPath: '/auth' }));

    expect(block(kind).text).not.toContain('/auth/');
    expect(text).toContain('/auth/');
  });

  it('says that the registry must be reachable through the proxy alone', () => {
    expect(block(kind).notes.join('\n')).toContain('nobody may reach the registry but the proxy');
  });
});

describe('how each proxy asks', () => {
  it('nginx sends what decides: method, raw target, content type, credentials, address and nothing else', () => {
    const [, location = ''] = /location = \/\.fairlead \{(.*?)\n {4}\}/s.exec(block('nginx').text) ?? [];

    expect(location).toContain('internal;');
    expect(location).toContain('proxy_pass_request_headers off;');
    expect(location).toContain('proxy_pass_request_body off;');
    expect(location.match(/proxy_set_header \S+ /g)).toEqual(
      [
        'Connection',
        'Content-Length',
        'Host',
        'Authorization',
        'Content-Type',
        'X-Forwarded-For',
        'X-Original-Method',
        'X-Original-URI',
      ].map((name) => `proxy_set_header ${name} `),
    );
  });

  it('Caddy removes the headers of nginx, which a client could send', () => {
    for (const name of ['X-Original-Method', 'X-Original-URI', 'X-Original-URL'])
      expect(block('caddy').text).toContain(`header_up -${name}`);
  });

  it('Traefik sets the forwarded headers itself', () => {
    const { http } = parse(block('traefik').text) as {
      readonly http: { readonly middlewares: Readonly<Record<string, unknown>> };
    };

    expect(http.middlewares['registry-example-com-decision']).toEqual({
      forwardAuth: {
        address: 'http://127.0.0.1:5001/forward-auth/registry.example.com',
        authRequestHeaders: ['Authorization', 'Content-Type'],
        trustForwardHeader: false,
      },
    });
  });

  it('Envoy refuses with 503 while the broker is down, and asks before every route to the registry', () => {
    const { text } = block('envoy');

    expect(parse(text)).toHaveProperty('static_resources.clusters.0.name', 'fairlead');
    expect(text).toContain('failure_mode_allow: false');
    expect(text).toContain('status_on_error: { code: ServiceUnavailable }');
    // The only route without a decision is the one to nothing.
    expect(text.match(/disabled: true/g)).toHaveLength(1);
    expect(text).toMatch(
      /prefix: \/v2\/ \}\n +route: \{ cluster: registry-example-com, timeout: 0s \}\n +request_headers_to_remove/,
    );
  });

  it('Envoy closes idle connections before the broker does', () => {
    const [, seconds = ''] = /common_http_protocol_options: { idle_timeout: (\d+)s/.exec(block('envoy').text) ?? [];

    expect(Number(seconds) * 1000).toBeLessThan(HTTP_LIMITS.keepAliveTimeout);
  });

  it('Envoy distinguishes registries at one port by the name in the TLS handshake', () => {
    const other = { ...SITE, service: 'b.example.com', host: 'b.example.com' };
    const { text } = block('envoy', { ...FACTS, sites: [SITE, other] });

    expect(text).toContain('tls_inspector');
    expect(text).toContain('server_names: ["b.example.com"]');
    expect(block('envoy').text).not.toContain('server_names');
  });
});

describe('where the broker listens', () => {
  it('at a socket file: nginx, Caddy and Envoy connect to it, Traefik cannot', () => {
    expect(block('nginx', SOCKET).text).toContain('server unix:/run/fairlead.sock;');
    expect(block('caddy', SOCKET).text).toContain('forward_auth unix//run/fairlead.sock {');
    expect(block('envoy', SOCKET).text).toContain('{ pipe: { path: "/run/fairlead.sock" } }');
    expect(proxyBlock('traefik', SOCKET)).toContain('let the broker listen at HOST:PORT');
  });

  it('with TLS: each proxy verifies the certificate', () => {
    expect(block('nginx', TLS).text).toContain('proxy_ssl_verify on;');
    expect(block('caddy', TLS).text).toContain('forward_auth https://auth.example.com:5001 {');
    expect(block('traefik', TLS).text).toContain('https://auth.example.com:5001/forward-auth/');
    expect(block('envoy', TLS).text).toContain('match_typed_subject_alt_names');
  });
});
