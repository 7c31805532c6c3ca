/** Traefik 3 (`forwardAuth`): it asks with GET, and passes answers other than 2xx to the client. */
import { brokerTarget, decisionPath, siteName } from './site.ts';
import type { ProxyBlock, ProxyFacts, ProxySite } from './site.ts';

/** @returns the block, or a sentence that says why there is none. */
export function traefik({ broker, sites }: ProxyFacts): ProxyBlock | string {
  if ('socket' in broker)
    return 'forwardAuth of Traefik cannot connect to a socket file; let the broker listen at HOST:PORT';
  const origin = `${broker.isTls ? 'https' : 'http'}://${brokerTarget(broker)}`;
  const hasBroker = sites.some(({ brokerPath }) => brokerPath !== undefined);
  return {
    text: [
      'http:',
      '  routers:',
      ...sites.map(routers),
      '  middlewares:',
      ...sites.map((site) => middlewares(site, origin)),
      '  services:',
      ...sites.map((site) => service(siteName(site), `http://${site.registry}`)),
      ...(hasBroker ? [service('fairlead', origin)] : []),
      '',
    ].join('\n'),
    notes: [
      'it is a file of the dynamic configuration (providers.file), and websecure the name of the entry point for HTTPS',
      'set entryPoints.websecure.transport.respondingTimeouts.readTimeout to 0 in the static configuration: by default, Traefik 3 ends an upload after 60 seconds',
      'while no broker can be reached, Traefik answers 500 without a sentence',
    ],
  };
}

function routers(site: ProxySite): string {
  const name = siteName(site);
  const host = `Host(\`${site.host}\`)`;
  const { brokerPath } = site;
  const registry = `    ${name}:
      rule: ${host} && PathPrefix(\`/v2/\`)
      entryPoints: [websecure]
      middlewares: [${name}-decision, ${name}-credentials]
      service: ${name}
      tls: {}`;
  if (brokerPath === undefined) return registry;
  return `${registry}
    ${name}-broker:
      rule: ${host} && PathPrefix(\`${brokerPath}/\`)
      entryPoints: [websecure]
      service: fairlead
      tls: {}`;
}

function middlewares(site: ProxySite, origin: string): string {
  const name = siteName(site);
  return `    ${name}-decision:
      forwardAuth:
        address: ${JSON.stringify(origin + decisionPath(site))}
        authRequestHeaders: [Authorization, Content-Type]
        trustForwardHeader: false
    ${name}-credentials:
      headers:
        customRequestHeaders: { Authorization: "" }`;
}

function service(name: string, url: string): string {
  return `    ${name}:
      loadBalancer:
        servers: [{ url: ${JSON.stringify(url)} }]`;
}
