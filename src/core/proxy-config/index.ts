/** The configuration of a proxy that asks the broker about each request to a registry (forward-auth). */
import { caddy } from './caddy.ts';
import { envoy } from './envoy.ts';
import { nginx } from './nginx.ts';
import type { RegistryProxy } from '../registry-proxy.ts';
import type { ProxyBlock, ProxyFacts } from './site.ts';
import { traefik } from './traefik.ts';

/** The registry checks nothing any more, so that nobody may reach it but through the proxy. */
const REGISTRY_NOTES = [
  'nobody may reach the registry but the proxy: let it listen at 127.0.0.1, or on a network of the two alone',
  'the registry has no auth section; for one that checks passwords, let the proxy send its own in place of the Authorization header that it removes',
];

/** @returns the block, or a sentence that says why there is none. */
export function proxyBlock(kind: RegistryProxy, facts: ProxyFacts): ProxyBlock | string {
  const block = { nginx, caddy, traefik, envoy }[kind](facts);
  return typeof block === 'string' ? block : { ...block, notes: [...block.notes, ...REGISTRY_NOTES] };
}
