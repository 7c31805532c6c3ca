import { z } from 'zod';
import { filePath, secretRef } from '../fields.ts';

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
    id: z.string().min(1).meta({ description: 'The client id the provider knows this broker by' }),
    secret: secretRef.optional(),
    authentication: z.enum(METHODS).optional().meta({
      description: 'How the client shows who it is; default client_secret_basic with a secret, and none without one',
    }),
    keyFile: filePath.optional().meta({
      description: 'Private key (PEM) for private_key_jwt or tls_client_auth; read again when it changes',
    }),
    certFile: filePath.optional().meta({
      description:
        'Certificate (PEM) of keyFile, with its chain: for tls_client_auth; with private_key_jwt, assertions name it',
    }),
    keyId: z.string().min(1).max(256).optional().meta({
      description: 'The kid that assertions of private_key_jwt name, where the provider wants one',
    }),
    assertionAudience: z.enum(['issuer', 'token-endpoint']).optional().meta({
      description:
        'Whom assertions of private_key_jwt are for; default issuer, and token-endpoint at Entra ID and Okta',
    }),
  })
  .superRefine((client, context) => {
    const report = (key: Key | 'authentication', message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (client.authentication === undefined && client.keyFile !== undefined) {
      return report('keyFile', 'expected authentication: private_key_jwt or tls_client_auth beside it');
    }
    const method = methodOf(client);
    const { needed, allowed } = NEEDS[method];
    for (const key of KEYS) {
      if (client[key] === undefined && needed.includes(key)) {
        report('authentication', `expected a ${key} beside it, as ${method} uses one`);
      }
      if (client[key] !== undefined && !needed.includes(key) && !allowed.includes(key)) {
        report(key, `expected no ${key} beside authentication: ${method}`);
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
