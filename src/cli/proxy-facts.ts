/** What the configuration says about a proxy with forward-auth. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { brokerTarget } from '../core/proxy-config/site.ts';
import type { BrokerPlace, ProxyFacts, ProxySite } from '../core/proxy-config/site.ts';
import type { RegistryProxy } from '../core/registry-proxy.ts';

/** Stands for the host of the registry where the name of the service is not a host. */
const PLACEHOLDER = 'registry.example.com';
const HOST = /^([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::(\d{1,5}))?$/i;
const HTTPS = 443;

interface ProxyReport {
  readonly facts: ProxyFacts;
  /** What is left to do because of this configuration, as sentences. */
  readonly notes: readonly string[];
}

/**
 * @param service undefined: all services with this proxy
 * @param registry HOST:PORT, where the proxy reaches the registry
 * @returns a sentence where the configuration has no such proxy
 */
export function proxyFacts(
  kind: RegistryProxy,
  service: string | undefined,
  registry: string,
  config: BrokerConfig,
): ProxyReport | string {
  const names = service === undefined ? servicesBehind(kind, config) : [service];
  const problem = problemOf(kind, names, config);
  if (problem !== undefined) return problem;
  const facts = { broker: placeOf(config), sites: names.map((name) => siteOf(name, registry, config)) };
  return { facts, notes: notesOf(facts, config) };
}

function servicesBehind(kind: RegistryProxy, { services }: BrokerConfig): readonly string[] {
  return Object.entries(services).flatMap(([name, { forwardAuth }]) => (forwardAuth?.proxy === kind ? [name] : []));
}

function problemOf(
  kind: RegistryProxy,
  names: readonly string[],
  { services, listen }: BrokerConfig,
): string | undefined {
  const add = `forwardAuth: { proxy: ${kind}, mode: bearer }`;
  if (names.length === 0) return `no service is behind ${kind}; add ${add} to a service in broker.yaml`;
  if ('port' in listen && listen.port === 0) return 'listen has port 0; give the broker a port that the proxy can know';
  for (const name of names) {
    const configured = services[name]?.forwardAuth?.proxy;
    if (configured === undefined) return `the service "${name}" has no forwardAuth; add ${add} to it in broker.yaml`;
    if (configured !== kind)
      return `forwardAuth.proxy of the service "${name}" is ${configured}; print the block --for ${configured}, or change it`;
  }
  return undefined;
}

function siteOf(service: string, registry: string, { publicUrl }: BrokerConfig): ProxySite {
  const [, host = PLACEHOLDER, port] = HOST.exec(service) ?? [];
  const { host: brokerHost, pathname } = new URL(publicUrl);
  const own = port === undefined || Number(port) === HTTPS ? host : `${host}:${port}`;
  return {
    service,
    host,
    port: port === undefined ? HTTPS : Number(port),
    registry,
    brokerPath: own.toLowerCase() === brokerHost ? pathname.replace(/\/$/, '') : undefined,
  };
}

/** A broker that listens on every address is reached by loopback; the name in its certificate is that of `publicUrl`. */
function placeOf({ listen, tls, publicUrl }: BrokerConfig): BrokerPlace {
  if ('socket' in listen) return listen;
  const { host, port } = listen;
  if (tls !== undefined) return { host: new URL(publicUrl).hostname, port, isTls: true };
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return { host: reached.includes(':') ? `[${reached}]` : reached, port, isTls: false };
}

function notesOf(
  { broker, sites }: ProxyFacts,
  { services, publicUrl, clientAddress }: BrokerConfig,
): readonly string[] {
  const usesTokens = sites.some(({ service }) => services[service]?.forwardAuth?.mode === 'bearer');
  const addresses = [brokerTarget(broker), ...new Set(sites.map(({ registry }) => registry))].join(' and ');
  return [
    ...(clientAddress === 'x-forwarded-for'
      ? []
      : [
          `the proxy reports the address of the client in X-Forwarded-For, and clientAddress is ${clientAddress}: change one`,
        ]),
    ...(sites.some(({ service }) => !HOST.test(service))
      ? [`replace ${PLACEHOLDER} with the host of the registry`]
      : []),
    ...(sites.length > 1 ? ['replace the address of each registry: --upstream gives all the same'] : []),
    `change ${addresses} where the proxy reaches the broker and the registry at other addresses than this machine`,
    ...(usesTokens && sites.some(({ brokerPath }) => brokerPath === undefined)
      ? [`clients get their tokens at ${publicUrl}/token, which must reach the broker, too`]
      : []),
  ];
}
