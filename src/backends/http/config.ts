import { z } from 'zod';
import { backendFields, duration, filePath, httpsUrl, secretRef } from '../fields.ts';
import { isLoopbackHttp } from '../http-client/address.ts';
import { proxyAddress } from '../http-client/proxy-address.ts';

/** `type: http`: a web service that checks passwords. The exchange is described in config/reference/backend-http.md. */
export const httpConfig = z
  .strictObject({
    type: z.literal('http'),
    ...backendFields,
    url: httpsUrl.meta({
      description:
        'The URL that user name and password are posted to: an https URL. `http` is accepted on loopback only.',
    }),
    lookupUrl: httpsUrl.optional().meta({
      description:
        'The URL that a user name alone is posted to. With it, `explain` can look users up, and users can have refresh tokens.',
    }),
    bearer: secretRef.optional().meta({
      description: 'A bearer token that the service requires of the broker. It is sent to `url` and `lookupUrl` only.',
    }),
    caFile: filePath.optional().meta({
      description:
        'Path of the certificates (PEM) of the only authorities trusted for this service. Read again when it changes. Default: those that Node.js includes.',
    }),
    certFile: filePath.optional().meta({
      description:
        'Path of the certificate (PEM, with its chain) that the broker presents to the service. Read again when it changes.',
    }),
    keyFile: filePath.optional().meta({
      description: 'Path of the private key (PEM) of `certFile`. Read again when it changes.',
    }),
    proxy: proxyAddress,
    lowercase: z.boolean().default(false).meta({
      description: 'Whether the service compares names without case. User names and groups are then in lower case.',
    }),
    notFound: z.enum(['unknown-user', 'unavailable']).default('unknown-user').meta({
      description:
        'What status 404 means. `unknown-user`: the next backend is asked. `unavailable`: the login fails with 503. Use it where a gateway may answer 404 for the service; the service then answers 401 for users that it does not know.',
    }),
    timeout: duration({ min: 1, max: 7 }).prefault('4500ms').meta({ description: 'How long one login may take' }),
  })
  .superRefine((config, context) => {
    const report = (key: keyof typeof config, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (config.certFile !== undefined && config.keyFile === undefined) report('certFile', 'expected keyFile with it');
    if (config.keyFile !== undefined && config.certFile === undefined) report('keyFile', 'expected certFile with it');
    const urls = [config.url, config.lookupUrl].filter((url) => url !== undefined && URL.canParse(url));
    if (!urls.some((url) => isLoopbackHttp(new URL(url ?? '')))) return;
    for (const key of ['caFile', 'certFile', 'proxy'] as const) {
      if (config[key] !== undefined) report(key, 'expected only with https URLs: http on loopback does not use it');
    }
  });

export type HttpConfig = z.output<typeof httpConfig>;
