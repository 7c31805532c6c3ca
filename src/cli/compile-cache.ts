/** Enables the cache of compiled code of Node.js, with which the command starts faster. It runs when it is loaded. */
import { enableCompileCache } from 'node:module';
import { cacheFolder, privateFolder } from './cache-folder.ts';

// A cache that NODE_COMPILE_CACHE names is in use already.
const folder = process.env['NODE_COMPILE_CACHE'] === undefined ? cacheFolder(process.env) : undefined;
const directory = folder === undefined ? undefined : privateFolder(folder);
if (directory !== undefined) enableCompileCache({ directory });
