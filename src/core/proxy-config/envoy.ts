/** Envoy (`ext_authz` over HTTP): it asks with the method and below the path of the request, and hides 5xx answers. */
import { decisionPath, NOTHING_HERE, siteName, UNAVAILABLE } from './site.ts';
import type { BrokerPlace, ProxyBlock, ProxyFacts, ProxySite } from './site.ts';

export function envoy({ broker, sites }: ProxyFacts): ProxyBlock {
  const ports = [...new Set(sites.map(({ port }) => port))];
  const listeners = ports.map((port) =>
    listener(
      port,
      sites.filter((site) => site.port === port),
      broker,
    ),
  );
  return {
    text: [
      'static_resources:',
      '  listeners:',
      ...listeners,
      '  clusters:',
      brokerCluster(broker),
      ...sites.map((site) => cluster(siteName(site), tcpAddress(site.registry))),
      '',
    ].join('\n'),
    notes: ['it is a bootstrap configuration: envoy --mode validate -c FILE checks it'],
  };
}

function listener(port: number, sites: readonly ProxySite[], broker: BrokerPlace): string {
  const hasSeveral = sites.length > 1;
  const inspector = `
      listener_filters:
        - name: envoy.filters.listener.tls_inspector
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector`;
  return `    - name: registries-${port}
      address: { socket_address: { address: 0.0.0.0, port_value: ${port} } }${hasSeveral ? inspector : ''}
      filter_chains:
${sites.map((site) => filterChain(site, broker, hasSeveral)).join('\n')}`;
}

function filterChain(site: ProxySite, broker: BrokerPlace, byName: boolean): string {
  const { host } = site;
  const name = siteName(site);
  const match = `filter_chain_match: { server_names: [${JSON.stringify(host)}] }\n          `;
  return `        - ${byName ? match : ''}transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
              common_tls_context:
                tls_certificates:
                  - certificate_chain: { filename: /etc/envoy/${host}.crt }
                    private_key: { filename: /etc/envoy/${host}.key }
          filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: ${name}
                use_remote_address: true
                max_request_headers_kb: 96
                stream_idle_timeout: 900s
                local_reply_config:
                  mappers:
                    - filter:
                        status_code_filter:
                          comparison: { op: GE, value: { default_value: 500, runtime_key: fairlead.local_reply } }
                      status_code: 503
                      headers_to_add: [{ header: { key: retry-after, value: "5" } }]
                      body_format_override:
                        content_type: application/json
                        text_format_source: { inline_string: '${UNAVAILABLE}' }
                route_config:
                  virtual_hosts:
                    - name: ${name}
                      domains: ["*"]
                      routes:
                        - match: { prefix: /v2/ }
                          route: { cluster: ${name}, timeout: 0s }
                          request_headers_to_remove: [authorization]
${site.brokerPath === undefined ? NOT_FOUND : brokerRoute(site.brokerPath)}
                http_filters:
                  - name: envoy.filters.http.ext_authz
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
                      transport_api_version: V3
                      failure_mode_allow: false
                      status_on_error: { code: ServiceUnavailable }
                      allowed_headers: { patterns: [{ exact: x-forwarded-for }, { exact: content-type }] }
                      http_service:
                        path_prefix: ${JSON.stringify(decisionPath(site))}
                        server_uri: { uri: ${JSON.stringify(uriOf(broker))}, cluster: fairlead, timeout: 10s }
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router`;
}

const NO_DECISION = `                          typed_per_filter_config:
                            envoy.filters.http.ext_authz:
                              "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
                              disabled: true`;

const NOT_FOUND = `                        - match: { prefix: / }
                          direct_response: { status: 404, body: { inline_string: '${NOTHING_HERE}' } }
                          response_headers_to_add: [{ header: { key: content-type, value: application/json } }]
${NO_DECISION}`;

function brokerRoute(path: string): string {
  return `                        - match: { prefix: ${path}/ }
                          route: { cluster: fairlead, timeout: 30s }
${NO_DECISION}`;
}

function brokerCluster(broker: BrokerPlace): string {
  if ('socket' in broker)
    return cluster('fairlead', `{ pipe: { path: ${JSON.stringify(broker.socket)} } }`, 'STATIC') + SHORT_IDLE;
  const text = cluster('fairlead', tcpAddress(`${broker.host}:${broker.port}`)) + SHORT_IDLE;
  if (!broker.isTls) return text;
  return `${text}
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          sni: ${broker.host}
          common_tls_context:
            validation_context:
              trusted_ca: { filename: /etc/ssl/certs/ca-certificates.crt }
              match_typed_subject_alt_names: [{ san_type: DNS, matcher: { exact: ${broker.host} } }]`;
}

/** Shorter than the 65 s of the broker, because ext_authz does not repeat a request on a connection that was just closed. */
const SHORT_IDLE = `
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          common_http_protocol_options: { idle_timeout: 60s }
          explicit_http_config: { http_protocol_options: {} }`;

function cluster(name: string, address: string, type: 'STATIC' | 'STRICT_DNS' = 'STRICT_DNS'): string {
  return `    - name: ${name}
      type: ${type}
      connect_timeout: 2s
      load_assignment:
        cluster_name: ${name}
        endpoints:
          - lb_endpoints: [{ endpoint: { address: ${address} } }]`;
}

function tcpAddress(target: string): string {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(target) ?? [];
  return `{ socket_address: { address: ${JSON.stringify(host)}, port_value: ${port} } }`;
}

/** Envoy connects to the cluster; the URI only gives the Host header. */
function uriOf(broker: BrokerPlace): string {
  if ('socket' in broker) return 'http://fairlead';
  return `${broker.isTls ? 'https' : 'http'}://${broker.host}:${broker.port}`;
}
