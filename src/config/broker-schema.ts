/** The schema of `broker.yaml`. JSON Schema, editor completion and checks follow from it; README.md in `config` is its reference. */
import { z } from 'zod';
import { duration, filePath } from '../backends/fields.ts';
import { backendConfig } from '../backends/index.ts';
import type { Lifetimes } from '../core/token.ts';
import { audit } from './audit-schema.ts';
import { listenAddress } from './listen-address.ts';
import { publicUrl } from './public-url.ts';
import { refreshTokens } from './refresh-tokens-schema.ts';
import { shield } from './shield-schema.ts';
import { trustedProxy } from './trusted-proxies.ts';

const TOKEN_LIFETIME = { min: 60, max: 3600 } as const;
const lifetime = duration(TOKEN_LIFETIME);

/** The key there is when none is configured. */
export const DEFAULT_KEY = 'default';

const keyName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits and . _ -, 64 at most')
  .meta({ description: 'The name by which services choose this key' });

const key = z
  .strictObject({
    name: keyName,
    algorithm: z
      .enum(['ES256', 'RS256', 'EdDSA'])
      .default('ES256')
      .meta({ description: 'ES256, RS256, or EdDSA (Ed25519, which distribution 2.8 cannot read)' }),
    keyFile: filePath
      .optional()
      .meta({ description: 'Path of a private key in PEM; without it, one is made in stateDir' }),
    certFile: filePath.optional().meta({
      description:
        'Path of the certificate of keyFile and its chain in PEM; without it, tokens name this key by its id only',
    }),
  })
  .superRefine(({ keyFile, certFile }, context) => {
    if (certFile === undefined || keyFile !== undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['certFile'],
      message: 'expected beside keyFile only',
      input: certFile.path,
    });
  })
  .meta({ description: 'A signing key' });

const service = z
  .strictObject({
    anonymous: z.enum(['allow', 'deny']).default('deny').meta({
      description: 'allow: without credentials, what policy gives anonymous is granted; deny: credentials are required',
    }),
    key: z
      .strictObject({
        header: z.enum(['x5c', 'kid', 'kid-rfc7638']).default('x5c').meta({
          description: 'x5c: certificate and libtrust key id; kid: libtrust key id; kid-rfc7638: key thumbprint',
        }),
      })
      .prefault({})
      .meta({ description: 'How a token names the key that signed it' }),
    signingKey: z.string().min(1).optional().meta({
      description: 'The name of a key of its own, for a registry that checks neither issuer nor audience (zot)',
    }),
    lifetime: z
      .strictObject({ pull: lifetime.optional(), push: lifetime.optional() })
      .prefault({})
      .meta({ description: 'Lifetimes that differ from tokens.lifetime for this service' }),
    refreshTokens: refreshTokens.optional(),
  })
  .meta({ description: 'A registry that is served' });

const serviceName = z
  .string()
  .regex(/^[^\p{Cc}]{1,255}$/u, 'expected a name of 1 to 255 characters without control characters')
  .meta({ description: 'The name the registry sends as `service`, usually its host name' });

/** No file that must be there: serving does not depend on it. */
const shadowPath = z.string().min(1).meta({
  description: 'Path of a policy that is to follow: it decides too, and where it differs is logged and counted',
});

export const brokerFile = z
  .strictObject({
    listen: listenAddress.meta({ description: 'Where to listen: HOST:PORT, [IPV6]:PORT or unix:/path' }),
    publicUrl: publicUrl.meta({
      description: 'The URL clients reach the broker at; registries name <publicUrl>/token as realm',
    }),
    trustedProxies: z.array(trustedProxy).default([]).meta({
      description:
        'Addresses and CIDRs of proxies whose X-Forwarded-For is believed; unix: those that come through the socket of listen',
    }),
    tls: z
      .strictObject({
        certFile: filePath.meta({ description: 'Path of the certificate and its chain in PEM' }),
        keyFile: filePath.meta({ description: 'Path of the private key in PEM' }),
      })
      .optional()
      .meta({ description: 'Serve HTTPS; the files are read again when they change' }),
    stateDir: z.string().min(1).default('./data').meta({
      description:
        'Folder for keys and the embedded store, relative to the folder of this file; made when it is missing',
    }),
    tokens: z
      .strictObject({
        issuer: z
          .string()
          .min(1)
          .max(255)
          .default('fairlead')
          .meta({ description: 'The issuer tokens name, and registries expect' }),
        lifetime: z
          .strictObject({
            pull: lifetime.prefault('5m'),
            push: lifetime.prefault('15m'),
          })
          .prefault({})
          .meta({ description: 'How long tokens live: those that only read, and those that may write' }),
      })
      .prefault({})
      .meta({ description: 'The tokens that are issued' }),
    keys: z
      .array(key)
      .min(1)
      .prefault([{ name: DEFAULT_KEY }])
      .meta({ description: 'Signing keys; the first signs for every service without a signingKey of its own' }),
    services: z
      .record(serviceName, service)
      .refine((services) => Object.keys(services).length > 0, { error: 'expected at least one service' })
      .meta({ description: 'The registries served, by service name; any other `service` is answered 400' }),
    backends: z.array(backendConfig).default([]).meta({ description: 'Where users come from, asked in this order' }),
    shield,
    policy: z
      .union([filePath, z.strictObject({ file: filePath, shadow: shadowPath.optional() })])
      .meta({ description: 'The policy file: a path, or { file: PATH, shadow: PATH }' }),
    admin: z
      .strictObject({
        listen: listenAddress.meta({ description: 'Where operators listen: HOST:PORT, [IPV6]:PORT or unix:/path' }),
      })
      .optional()
      .meta({ description: 'A listener of its own for metrics and health' }),
    log: z
      .strictObject({
        level: z
          .enum(['debug', 'info', 'warn', 'error'])
          .default('info')
          .meta({ description: 'The least severe lines that are written' }),
      })
      .prefault({})
      .meta({ description: 'The log on standard error' }),
    audit,
  })
  .meta({ title: 'Fairlead broker', description: 'The configuration of a Fairlead token service' });

/** The file as parsed, its paths as written. */
export type BrokerFile = z.output<typeof brokerFile>;

/** A registry that is served, with the lifetimes that are its own. */
export type ServiceConfig = Omit<BrokerFile['services'][string], 'lifetime'> & { readonly lifetime: Lifetimes };

/** The configuration the broker is composed from: every path absolute, every default filled in, nothing left to look up. */
export type BrokerConfig = Omit<BrokerFile, 'services' | 'policy'> & {
  readonly services: Readonly<Record<string, ServiceConfig>>;
  readonly policy: { readonly file: string; readonly shadow?: string };
};
