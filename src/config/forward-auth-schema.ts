/** The section `forwardAuth` of a service: a reverse proxy asks for each request to a registry that has no login of its own. */
import { z } from 'zod';
import { REGISTRY_PROXIES } from '../core/registry-proxy.ts';
import { EXTRA_ROUTES } from '../core/registry-route.ts';

export const forwardAuth = z
  .strictObject({
    proxy: z.enum(REGISTRY_PROXIES).meta({
      description:
        'The kind of proxy, which decides where the request of the client is read. `nginx`: `X-Original-Method` and `X-Original-URI`. `caddy`, `traefik`: `X-Forwarded-Method` and `X-Forwarded-Uri`. `envoy`: the method and the path of the request itself.',
    }),
    mode: z.enum(['bearer', 'basic']).default('bearer').meta({
      description:
        'How clients authenticate. `bearer`: with tokens from <publicUrl>/token, as at a registry that verifies tokens itself. `basic`: with user name and password in each request; docker cannot pull public images without a login then.',
    }),
    allowRoutes: z.array(z.enum(EXTRA_ROUTES)).default([]).meta({
      description:
        'Requests that are refused otherwise. `oci-extensions`: the list of extensions. `zot-search`: the search of zot, for those who may read the catalog. `preflight`: OPTIONS requests of browsers, which need no login. `mirror`: the query `ns`, which containerd adds when the registry is a mirror of another one.',
    }),
    mountAnywhere: z.boolean().default(false).meta({
      description:
        'Whether a client may mount a blob without the name of its repository. Registries that look for it in all repositories then show that it exists, and who knows the digest can read it.',
    }),
  })
  .meta({
    description:
      'Decide requests for a reverse proxy before a registry without a login of its own, at <publicUrl>/forward-auth/<service>. The proxy must be in `trustedProxies`. Default: requests are not decided.',
  });
