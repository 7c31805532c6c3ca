import { z } from 'zod';
import { backendFields, duration } from '../fields.ts';
import { clientConfig } from '../oidc/client/client-config.ts';
import { providerFields, providerPlace, refuseProxyOnLoopback } from '../oidc/client/provider-config.ts';

/** `type: oidc-password`: the password grant (RFC 6749, section 4.3) of an OpenID provider. */
export const oidcPasswordConfig = z
  .strictObject({
    type: z.literal('oidc-password'),
    ...backendFields,
    ...providerPlace,
    client: clientConfig.meta({
      description:
        'How the provider knows this broker. The client must be allowed the password grant ("direct access grants" in Keycloak).',
    }),
    ...providerFields,
    deniedStatus: z
      .array(z.union([z.literal(400), z.literal(401), z.literal(403)]))
      .optional()
      .meta({
        description:
          'HTTP statuses that mean a wrong password when the answer has no OAuth error. Default: the preset’s.',
      }),
    timeout: duration({ min: 1, max: 7 })
      .prefault('4500ms')
      .meta({ description: 'How long one login may take in total. With the default, the answer is sent within 5 s.' }),
  })
  .superRefine(refuseProxyOnLoopback);

export type OidcPasswordConfig = z.output<typeof oidcPasswordConfig>;
