/** Users from a file: users.yaml, or what Apache's `htpasswd` writes. */
import { defineBackend } from '../backend.ts';
import { staticFileConfig } from './config.ts';
import { staticFileTraits } from './traits.ts';

export const staticFile = defineBackend({
  type: 'static-file',
  schema: staticFileConfig,
  traits: staticFileTraits,
  create: async (config, deps) => (await import('./authenticator.ts')).openStaticFile(config, deps),
});
