/** The schema of `broker.yaml`. JSON Schema, editor completion and checks follow from it; `config/reference` is generated from it. */
import { z } from 'zod';
import { duration, filePath } from '../backends/fields.ts';
import { backendConfig } from '../backends/index.ts';
import type { Lifetimes } from '../core/token.ts';
import { api } from './api-schema.ts';
import { audit } from './audit-schema.ts';
import { consoleSection } from './console-schema.ts';
import { cors } from './cors-schema.ts';
import { forwardAuth } from './forward-auth-schema.ts';
import { helper } from './helper-schema.ts';
import { DEFAULT_KEY, key } from './keys-schema.ts';
import { listenAddress } from './listen-address.ts';
import { personalTokens } from './personal-tokens-schema.ts';
import { publicUrl } from './public-url.ts';
import { records } from './records-schema.ts';
import { refreshTokens } from './refresh-tokens-schema.ts';
import { robots } from './robots-schema.ts';
import { shared } from './shared-schema.ts';
import { shield } from './shield-schema.ts';
import { CLIENT_ADDRESS_SOURCES, trustedProxy } from './trusted-proxies.ts';

const TOKEN_LIFETIME = { min: 60, max: 3600 } as const;
const lifetime = duration(TOKEN_LIFETIME);

/** The folder for keys and the embedded store when none is configured. */
export const DEFAULT_STATE_DIR = './data';

const service = z
  .strictObject({
    anonymous: z.enum(['allow', 'deny']).default('deny').meta({
      description:
        'Whether requests without credentials are answered. `allow`: they are granted what the policy gives to `everyone`. `deny`: credentials are required. Wrong credentials are refused in both cases.',
    }),
    key: z
      .strictObject({
        header: z.enum(['x5c', 'kid', 'kid-rfc7638']).default('x5c').meta({
          description:
            'What the token header carries. `x5c`: the certificate, for distribution 2 and 3 with `rootcertbundle`; tokens grow by 600 bytes. `kid`: the libtrust key id, for distribution 2, and for distribution 3 with `jwks`. `kid-rfc7638`: the RFC 7638 thumbprint, for distribution 3.1.',
        }),
      })
      .prefault({})
      .meta({ description: 'How a token names the key that signed it' }),
    signingKey: z.string().min(1).optional().meta({
      description:
        'The name of one of `keys`. Use a separate key for a registry that checks neither issuer nor audience: zot accepts a token for any other service signed with the same key. Default: the first key.',
    }),
    lifetime: z
      .strictObject({
        pull: lifetime.optional().meta({ description: 'As `tokens.lifetime.pull`. Default: that value.' }),
        push: lifetime.optional().meta({ description: 'As `tokens.lifetime.push`. Default: that value.' }),
      })
      .prefault({})
      .meta({ description: 'Token lifetimes of this service, where they differ from `tokens.lifetime`' }),
    refreshTokens: refreshTokens.optional(),
    forwardAuth: forwardAuth.optional(),
  })
  .meta({ description: 'A registry that is served' });

const serviceName = z
  .string()
  .regex(/^[^\p{Cc}]{1,255}$/u, 'expected a name of 1 to 255 characters without control characters')
  .meta({ description: 'The name the registry sends as `service`, usually its host name' });

/** No file that must be there: serving does not depend on it. */
const shadowPath = z.string().min(1).meta({
  description:
    'Path of a second policy, for shadow mode. It decides every request as well, and differences are logged and counted.',
});

export const brokerFile = z
  .strictObject({
    listen: listenAddress.meta({
      description:
        'Where to listen: HOST:PORT, [IPV6]:PORT or unix:/path. Port 0 takes any free port. A warning is logged when other machines can reach the listener and `tls` is not set.',
    }),
    publicUrl: publicUrl.meta({
      description:
        'The URL clients reach the broker at; registries name <publicUrl>/token as realm. `http` or `https`, without a query. Tokens and the key set are served below its path, and also without it, for a proxy that removes the path. A warning is logged for `http` on anything but this machine.',
    }),
    trustedProxies: z.array(trustedProxy).default([]).meta({
      description:
        'Addresses and CIDRs of proxies that report the address of the client, in the way that `clientAddress` says. `unix` stands for a proxy that connects through the socket file of `listen`. Such a proxy has no address: without `unix`, its clients have no address either and match no `clients` rule. Default: `[]`, no proxy is trusted.',
    }),
    clientAddress: z.enum(CLIENT_ADDRESS_SOURCES).default('x-forwarded-for').meta({
      description:
        'Where `trustedProxies` report the address of the client: in one header, or by the PROXY protocol, and nowhere else. The proxy must set this header, or add to it; what clients send in the others is ignored.',
    }),
    cors,
    tls: z
      .strictObject({
        certFile: filePath.meta({ description: 'Path of the certificate and its chain in PEM' }),
        keyFile: filePath.meta({ description: 'Path of the private key in PEM' }),
      })
      .optional()
      .meta({
        description:
          'Serve HTTPS (TLS 1.2 or newer). The files are read again when they change; a pair that is empty, damaged or does not belong together is refused, and the old certificate stays in use. Default: HTTP.',
      }),
    stateDir: z.string().min(1).default(DEFAULT_STATE_DIR).meta({
      description:
        'The folder for signing keys and the embedded database. It is created when it is missing. The broker does not start when other users own this folder or the keys in it, or may write to them.',
    }),
    records,
    trustDir: z.string().min(1).optional().meta({
      description:
        'The folder for what registries need to verify tokens: `certificates.pem` (all keys), `jwks.json` and `NAME.crt` for each key. It has no private key, so a registry can mount it. It is written at start and when a key changes, for everybody to read, and must be neither inside `stateDir` nor around it. `fairlead registry-config` names the files in it. Default: none.',
    }),
    tokens: z
      .strictObject({
        issuer: z
          .string()
          .min(1)
          .max(255)
          .default('fairlead')
          .meta({ description: 'The `iss` claim of every token. Registries are configured with the same text.' }),
        lifetime: z
          .strictObject({
            pull: lifetime.prefault('5m').meta({ description: 'Lifetime of tokens that only read' }),
            push: lifetime.prefault('15m').meta({
              description: 'Lifetime of tokens that may write. An upload must finish before its token expires.',
            }),
          })
          .prefault({})
          .meta({ description: 'How long clients may use a token' }),
        reuse: duration({ min: 0, max: 30 }).prefault('5s').meta({
          description:
            'A token that was signed less than this long ago is returned again for the same login, service and grants, so that many machines that pull one image need one signature. The audit line of each request has the id of its token, and `reused` for such a token. `0s`: each request gets a token of its own.',
        }),
      })
      .prefault({})
      .meta({ description: 'The tokens that the broker issues' }),
    keys: z
      .array(key)
      .min(1)
      .prefault([{ name: DEFAULT_KEY }])
      .meta({
        description:
          'Signing keys. The first key signs for every service without a `signingKey`. All keys are in the JWKS and in the output of `registry-config`, so that a new key can be announced before it signs. [`fairlead keys`](../keys.md) rotates keys. Default: one key named `default`.',
      }),
    services: z
      .record(serviceName, service)
      .refine((services) => Object.keys(services).length > 0, { error: 'expected at least one service' })
      .meta({
        description:
          'The registries that are served, by the name each sends as `service`. At least one. A token request for any other service gets status 400. With one service, a request that names none is for that one.',
      }),
    personalTokens,
    backends: z.array(backendConfig).default([]).meta({
      description:
        'Where users come from. The backends are asked in this order. Default: `[]`, everybody is anonymous.',
    }),
    robots,
    shield,
    shared,
    policy: z
      .union([
        filePath,
        z.strictObject({
          file: filePath.meta({ description: 'Path of the policy file' }),
          shadow: shadowPath.optional(),
          onFailedTests: z.enum(['refuse', 'warn']).default('refuse').meta({
            description:
              'What happens to a policy whose own [tests](policy-tests.md) fail. `refuse`: as with an invalid file, the broker does not start with it, and a running broker keeps the last valid policy. `warn`: it is used, and each failed test is a warning in the log and counts in the metric `fairlead_policy_failed_tests`. For the shadow policy it is always `warn`.',
          }),
          invariants: z.literal('required').optional().meta({
            description:
              '`required`: a policy file is refused unless every invariant in it is proved. The policy in force stays in force; without one, the broker does not start.',
          }),
        }),
      ])
      .meta({ description: 'The policy file: a path, or { file: PATH, shadow: PATH, invariants: required }' }),
    console: consoleSection.optional(),
    helper: helper.optional(),
    admin: z
      .strictObject({
        listen: listenAddress.meta({
          description:
            'Where operators connect: HOST:PORT, [IPV6]:PORT or unix:/path. Plain HTTP: keep it on this machine or behind a firewall.',
        }),
      })
      .optional()
      .meta({
        description:
          'A separate listener for `/metrics`, `/healthz` and `/readyz`, for monitoring from other machines, and for the API where `api` is configured. Without it, `/metrics` and the details of `/readyz` are only for clients of this machine that come without a proxy; everybody else gets 404, and the status alone.',
      }),
    api,
    maxConnections: z.int().min(16).max(100_000).optional().meta({
      description:
        'The number of connections that `listen` has open at once, 4096 by default, and at most the limit on open files minus 128. At the limit, connections without a complete request are closed, those of the network with the most of them first. `admin` has 32 connections of its own.',
    }),
    log: z
      .strictObject({
        level: z
          .enum(['debug', 'info', 'warn', 'error'])
          .default('info')
          .meta({ description: 'The lowest severity that is written' }),
      })
      .prefault({})
      .meta({ description: 'The log: JSON lines on standard error' }),
    audit,
  })
  .meta({ title: 'Fairlead broker', description: 'The configuration of a Fairlead token service' });

/** The file as parsed, its paths as written. */
export type BrokerFile = z.output<typeof brokerFile>;

/** A registry that is served, with the lifetimes that are its own. */
type ServiceConfig = Omit<BrokerFile['services'][string], 'lifetime'> & { readonly lifetime: Lifetimes };

/** The configuration the broker is composed from: every path absolute, every default filled in, nothing left to look up. */
export type BrokerConfig = Omit<BrokerFile, 'services' | 'policy'> & {
  readonly services: Readonly<Record<string, ServiceConfig>>;
  readonly policy: {
    readonly file: string;
    readonly shadow?: string;
    readonly onFailedTests: 'refuse' | 'warn';
    readonly invariants?: 'required';
  };
};
