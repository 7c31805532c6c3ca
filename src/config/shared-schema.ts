/** The section `shared` of `broker.yaml`: the store through which several brokers act as one. */
import { z } from 'zod';
import { filePath } from '../backends/fields.ts';
import { parseStoreUrl } from './store-url.ts';

const SENTINEL_PORT = 26_379;
const STORE_PORT = 6379;

const storeUrl = z.string().transform((text, context) => storeAddress(text, STORE_PORT, context));
const sentinelUrl = z.string().transform((text, context) => storeAddress(text, SENTINEL_PORT, context));

function storeAddress(text: string, port: number, context: z.core.$RefinementCtx<string>) {
  const parsed = parseStoreUrl(text, port);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue({ code: 'custom', message: parsed, input: text });
  return z.NEVER;
}

const sentinel = z
  .strictObject({
    name: z.string().min(1).max(255).meta({ description: 'The name under which the Sentinels know the primary' }),
    urls: z
      .array(sentinelUrl)
      .min(1)
      .max(16)
      .meta({ description: 'The Sentinels, as redis://HOST:PORT or rediss://HOST:PORT. The default port is 26379.' }),
    username: z.string().min(1).optional().meta({ description: 'The user at the Sentinels. Default: none.' }),
    passwordFile: filePath
      .optional()
      .meta({ description: 'Path of the file with the password for the Sentinels. Default: none.' }),
  })
  .optional()
  .meta({ description: 'Find the primary through Sentinel instead of `urls`. Default: none.' });

const tls = z
  .strictObject({
    caFile: filePath.optional().meta({
      description:
        'Path of the certificates (PEM) of the only authorities trusted for the store. Read at start. Default: those that Node.js includes.',
    }),
    certFile: filePath.optional().meta({ description: 'Path of the client certificate in PEM. Default: none.' }),
    keyFile: filePath.optional().meta({ description: 'Path of the key of the client certificate. Default: none.' }),
  })
  .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
    error: 'expected certFile and keyFile together',
  })
  .optional()
  .meta({ description: 'TLS to the store, for addresses that begin with rediss. Default: as for any server.' });

function usesOneProtocol(urls: readonly { readonly isTls: boolean }[] = []): boolean {
  return urls.every(({ isTls }) => isTls === urls[0]?.isTls);
}

const valkey = z
  .strictObject({
    urls: z.array(storeUrl).min(1).max(16).optional().meta({
      description:
        'The store, as redis://HOST:PORT or rediss://HOST:PORT (TLS), with a database number as the path if it is not 0. With several addresses, the first that is a primary is used. Default: found through `sentinel`.',
    }),
    sentinel,
    username: z.string().min(1).optional().meta({ description: 'The user at the store. Default: the default user.' }),
    passwordFile: filePath.optional().meta({
      description: 'Path of the file with the password. It is read at each connection. Default: none.',
    }),
    tls,
  })
  .refine(({ urls, sentinel: group }) => (urls === undefined) !== (group === undefined), {
    error: 'expected one of urls and sentinel',
  })
  .refine(({ urls, sentinel: group }) => [urls, group?.urls].every(usesOneProtocol), {
    error: 'expected only rediss:// or only redis://: with both, the password could be sent without TLS',
  })
  .meta({ description: 'A Valkey 8 or Redis 7 server, or newer. Redis Cluster is not supported.' });

export const shared = z
  .strictObject({
    valkey,
    keyFile: filePath.meta({
      description:
        'Path of the fleet key: at least 32 random bytes, the same at all brokers, and not stored where dumps of the store are. What the store holds is encrypted with it.',
    }),
    previousKeyFile: filePath.optional().meta({
      description:
        'Path of a second fleet key while keys are rotated: what is stored under it is found as well. Default: none.',
    }),
    whenDown: z.enum(['local', 'refuse']).default('local').meta({
      description:
        'What happens to logins that are not cached while the store is down. `local`: each broker counts wrong passwords alone, with its share of the limits. `refuse`: they get status 503, so that no limit is exceeded.',
    }),
  })
  .optional()
  .meta({
    description:
      'Several brokers act as one: they share the login cache and the limits on wrong passwords. Default: each broker has its own.',
  });
