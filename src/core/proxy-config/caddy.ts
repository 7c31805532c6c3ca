/** Caddy (`forward_auth`): it asks with GET, and passes answers other than 2xx to the client. */
import { brokerTarget, decisionPath, NOTHING_HERE, UNAVAILABLE } from './site.ts';
import type { BrokerPlace, ProxyBlock, ProxyFacts, ProxySite } from './site.ts';

export function caddy({ broker, sites }: ProxyFacts): ProxyBlock {
  return {
    text: sites.map((site) => siteBlock(site, target(broker))).join('\n'),
    notes: ['without the tls line, Caddy gets a certificate by itself; then: caddy validate && caddy reload'],
  };
}

function target(broker: BrokerPlace): string {
  if ('socket' in broker) return `unix/${broker.socket}`;
  return broker.isTls ? `https://${brokerTarget(broker)}` : brokerTarget(broker);
}

function siteBlock(site: ProxySite, broker: string): string {
  const { host, port, registry, brokerPath } = site;
  return `${port === 443 ? host : `https://${host}:${port}`} {
    tls /etc/caddy/${host}.crt /etc/caddy/${host}.key
    handle /v2/* {
        forward_auth ${broker} {
            uri ${decisionPath(site)}
            header_up -X-Original-Method
            header_up -X-Original-URI
            header_up -X-Original-URL
        }
        reverse_proxy ${registry} {
            header_up -Authorization
        }
    }
${brokerPath === undefined ? NOT_FOUND : brokerHandle(brokerPath, broker)}    handle_errors {
        @down expression \`{err.status_code} in [502, 503, 504]\`
        handle @down {
            header Content-Type application/json
            header Retry-After 5
            respond \`${UNAVAILABLE}\` 503
        }
    }
}
`;
}

const NOT_FOUND = `    handle {
        header Content-Type application/json
        respond \`${NOTHING_HERE}\` 404
    }
`;

function brokerHandle(path: string, broker: string): string {
  return `    handle ${path}/* {
        reverse_proxy ${broker}
    }
`;
}
