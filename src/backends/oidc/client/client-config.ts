import { z } from 'zod';
import { filePath, secretRef } from '../../fields.ts';

const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'none'] as const;
export type ClientMethod = (typeof METHODS)[number];

type Key = 'secret' | 'keyFile' | 'certFile' | 'keyId' | 'assertionAudience';

/** The keys that a method requires and allows. Any other key would never be used. */
const NEEDS: Readonly<Record<ClientMethod, { readonly needed: readonly Key[]; readonly allowed: readonly Key[] }>> = {
  client_secret_basic: { needed: ['secret'], allowed: [] },
  client_secret_post: { needed: ['secret'], allowed: [] },
  private_key_jwt: { needed: ['keyFile'], allowed: ['certFile', 'keyId', 'assertionAudience'] },
  tls_client_auth: { needed: ['keyFile', 'certFile'], allowed: [] },
  none: { needed: [], allowed: [] },
};
const KEYS: readonly Key[] = ['secret', 'keyFile', 'certFile', 'keyId', 'assertionAudience'];

export const clientConfig = z
  .strictObject({
    id: z.string().min(1).meta({ description: 'The client id' }),
    secret: secretRef.optional().meta({
      description: 'The client secret: { env: NAME } or { file: PATH }. Default: none, for a public client.',
    }),
    authentication: z.enum(METHODS).optional().meta({
      description:
        'How the client authenticates. `private_key_jwt`: with an assertion signed with `keyFile`. `tls_client_auth`: with `certFile` and `keyFile` in the TLS handshake. Default: `client_secret_basic` with a secret, otherwise `none`.',
    }),
    keyFile: filePath.optional().meta({
      description:
        'Path of the private key (PEM) for private_key_jwt or tls_client_auth. RSA with at least 2048 bits, or P-256, P-384, P-521. Read again when it changes.',
    }),
    certFile: filePath.optional().meta({
      description:
        'Path of the certificate (PEM) of keyFile, with its chain. With `private_key_jwt`, assertions name it (`x5t#S256`), which Entra ID requires. Read again when it changes.',
    }),
    keyId: z.string().min(1).max(256).optional().meta({
      description: 'The `kid` header of assertions',
    }),
    assertionAudience: z.enum(['issuer', 'token-endpoint']).optional().meta({
      description:
        'The audience of assertions. `entra`, `okta` and `adfs` require `token-endpoint`. Default: the preset’s.',
    }),
  })
  .superRefine((client, context) => {
    const report = (key: Key | 'authentication', message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (client.authentication === undefined && client.keyFile !== undefined) {
      return report('keyFile', 'expected authentication: private_key_jwt or tls_client_auth with it');
    }
    const method = methodOf(client);
    const { needed, allowed } = NEEDS[method];
    for (const key of KEYS) {
      if (client[key] === undefined && needed.includes(key)) {
        report('authentication', `expected a ${key}, which ${method} uses`);
      }
      if (client[key] !== undefined && !needed.includes(key) && !allowed.includes(key)) {
        report(key, `expected no ${key}, which authentication: ${method} does not use`);
      }
    }
  });

export function methodOf({
  authentication,
  secret,
}: {
  readonly authentication?: ClientMethod | undefined;
  readonly secret?: unknown;
}): ClientMethod {
  return authentication ?? (secret === undefined ? 'none' : 'client_secret_basic');
}
