/** The reverse proxies that can ask for a decision about each request to a registry. */

export const REGISTRY_PROXIES = ['nginx', 'caddy', 'traefik', 'envoy'] as const;
export type RegistryProxy = (typeof REGISTRY_PROXIES)[number];
