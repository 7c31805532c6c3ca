/** Users from a file: users.yaml, or what Apache's `htpasswd` writes. */
import { defineBackend } from '../backend.ts';
import { openStaticFile } from './authenticator.ts';
import { staticFileConfig } from './config.ts';

export const staticFile = defineBackend({
  type: 'static-file',
  schema: staticFileConfig,
  create: (config, deps) => openStaticFile(config, deps),
});
