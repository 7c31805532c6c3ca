/** Enables the cache of compiled code of Node.js, with which the command starts faster. It runs when it is loaded. */
import { enableCompileCache } from 'node:module';
import { cacheFolder } from './cache-folder.ts';

const folder = cacheFolder(process.env);
// A cache that NODE_COMPILE_CACHE names is in use already.
if (folder !== undefined && process.env['NODE_COMPILE_CACHE'] === undefined) enableCompileCache({ directory: folder });
