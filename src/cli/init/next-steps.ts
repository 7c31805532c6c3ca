/** What is printed after the files are written: the block for the registry, and the next commands. */
import { join } from 'node:path';
import type { RegistryBlock } from '../../core/registry-config.ts';
import { BROKER_FILE } from './setup.ts';
import type { Setup } from './setup.ts';

export function nextSteps({ folder, registry, username }: Setup, block: RegistryBlock): readonly string[] {
  const { service, publicUrl, listen } = registry;
  const proxy = publicUrl.startsWith('https:')
    ? [
        `   It listens on ${listen}: put a reverse proxy for ${publicUrl} in front of it, and name it in trustedProxies.`,
      ]
    : [];
  return [
    '1. Start the broker. It makes its key, and the certificate for the registry:',
    `   fairlead serve --config ${shellWord(join(folder, BROKER_FILE))}`,
    ...proxy,
    '2. Add this to the configuration of the registry, and start the registry:',
    '',
    block.text.trimEnd(),
    '',
    ...block.notes.map((note) => `   note: ${note}`),
    '3. Log in:',
    `   docker login ${service}${username === undefined ? '' : ` --username ${shellWord(username)}`}`,
  ];
}

/** One word of a command line, in quotes where it needs them. */
function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
