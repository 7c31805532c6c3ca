/** Breaks the configuration of the proxies that ask about each request. */
import type { Fault } from './fault.ts';

const BLOCKS = ['test/unit/core/proxy-config.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'proxies-1',
    effect: 'nginx does not say that a request is a form, in which a mount from any repository can hide',
    file: 'src/core/proxy-config/nginx.ts',
    find: '        proxy_set_header Content-Type $http_content_type;\n',
    replace: '',
    tests: BLOCKS,
  },
  {
    id: 'proxies-2',
    effect: 'nginx passes all headers of the client on, so that any client can have its requests refused as unclear',
    file: 'src/core/proxy-config/nginx.ts',
    find: '        proxy_pass_request_headers off;\n',
    replace: '',
    tests: BLOCKS,
  },
  {
    id: 'proxies-3',
    effect: 'Envoy lets every request pass while no broker can be reached',
    file: 'src/core/proxy-config/envoy.ts',
    find: 'failure_mode_allow: false',
    replace: 'failure_mode_allow: true',
    tests: BLOCKS,
  },
  {
    id: 'proxies-4',
    effect: 'an outage of the broker behind Envoy looks like a denied request',
    file: 'src/core/proxy-config/envoy.ts',
    find: '                      status_on_error: { code: ServiceUnavailable }\n',
    replace: '',
    tests: BLOCKS,
  },
  {
    id: 'proxies-10',
    effect: 'Envoy asks on a connection that the broker is just closing, and the client gets 503',
    file: 'src/core/proxy-config/envoy.ts',
    find: 'idle_timeout: 60s',
    replace: 'idle_timeout: 90s',
    tests: BLOCKS,
  },
  {
    id: 'proxies-5',
    effect: 'Traefik asks about the request that a client names in its headers',
    file: 'src/core/proxy-config/traefik.ts',
    find: 'trustForwardHeader: false',
    replace: 'trustForwardHeader: true',
    tests: BLOCKS,
  },
  {
    id: 'proxies-6',
    effect: 'the registry behind Caddy gets the tokens and passwords of all users',
    file: 'src/core/proxy-config/caddy.ts',
    find: '            header_up -Authorization\n',
    replace: '',
    tests: BLOCKS,
  },
  {
    id: 'proxies-7',
    effect: 'nginx accepts any certificate from a broker that serves HTTPS',
    file: 'src/core/proxy-config/nginx.ts',
    find: '        proxy_ssl_verify on;\n',
    replace: '',
    tests: BLOCKS,
  },
  {
    id: 'proxies-8',
    effect: 'the block for nginx also has the services that are behind another proxy',
    file: 'src/cli/proxy-facts.ts',
    find: 'forwardAuth?.proxy === kind ? [name] : []',
    replace: 'forwardAuth !== undefined ? [name] : []',
    tests: ['test/unit/cli/proxy-config.test.ts'],
  },
  {
    id: 'proxies-9',
    effect: 'ingress-nginx without the annotation auth-method asks about the request that a client names',
    file: 'src/http/forward-auth/proxied-request.ts',
    find: "url.replace(/^https?:\\/\\/[^/]*/, '') !== target",
    replace: 'url === target',
    tests: ['test/unit/http/proxied-request.test.ts'],
  },
];
