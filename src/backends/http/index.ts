/** Users of a web service that checks passwords. The exchange is described in config/reference/backend-http.md. */
import { defineBackend } from '../backend.ts';
import type { BackendTraits } from '../traits.ts';
import { httpConfig } from './config.ts';
import type { HttpConfig } from './config.ts';

const TYPE = 'http';

export const http = defineBackend({
  type: TYPE,
  schema: httpConfig,
  traits,
  create: async (config, deps) => (await import('./authenticator.ts')).openHttp(config, deps),
});

function traits({ lookupUrl, lowercase, notFound }: HttpConfig): BackendTraits {
  return {
    names: lowercase ? 'caseless' : 'exact',
    accepts: 'passwords',
    detectsUnknownUsers: notFound === 'unknown-user',
    canRevalidate: lookupUrl !== undefined,
    isAsleep: () => false,
    users: undefined,
    groups: { kind: 'any' },
    deliversValue: (placeholder) => placeholder.startsWith('attr:'),
  };
}
