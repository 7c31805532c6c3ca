/** Loaded with `node --import`: prints the packages and parts of Node.js that the process has loaded, when it exits. */
import { registerHooks } from 'node:module';

const PREFIX = '@loaded ';
const packages = new Set<string>();

registerHooks({
  load(url, context, nextLoad) {
    const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (name !== undefined) packages.add(name);
    if (url.startsWith('node:')) packages.add(url);
    return nextLoad(url, context);
  },
});

process.on('exit', () => process.stderr.write(`${PREFIX}${[...packages].join(' ')}\n`));
