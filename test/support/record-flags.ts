/**
 * Loaded with `node --import`: writes whether V8 has the same flags when a module is loaded as at the start. If not, V8
 * does not use the compiled code of the module that Node.js or its cache has.
 */
import { registerHooks } from 'node:module';
import { cachedDataVersionTag } from 'node:v8';

const tag = cachedDataVersionTag();

registerHooks({
  load(url, context, nextLoad) {
    process.stderr.write(`@flags ${cachedDataVersionTag() === tag ? 'same' : 'changed'} ${url}\n`);
    return nextLoad(url, context);
  },
});
