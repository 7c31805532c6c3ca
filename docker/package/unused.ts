/**
 * Parts of libraries that are loaded with them at the start, and that Fairlead never uses. The bundle leaves them out:
 * they take time at each start, and stay in memory.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'rolldown';

/** By the path in `node_modules`: the text in place of the file. */
const REPLACEMENTS: Readonly<Record<string, (text: string) => string>> = {
  // Pushes metrics to a gateway. It loads an HTTPS client and zlib.
  'prom-client/lib/pushgateway.js': nothing,
  // Adds the metrics of the processes of a cluster.
  'prom-client/lib/cluster.js': nothing,
  // Names the current trace in exemplars of prom-client, which are not enabled.
  '@opentelemetry/api/dist/index.cjs': nothing,
  // Colours of log lines, which are JSON.
  '@colors/colors/safe.js': nothing,
  // Messages about the work of winston itself, for who develops it.
  '@dabh/diagnostics/node/index.js': () => 'module.exports = () => () => {};',
  // Files that Express sends. The broker sends none.
  'serve-static/index.js': nothing,
  'send/index.js': nothing,
  // Parsers of bodies and queries that Express has in addition to `express.text`.
  'body-parser/lib/types/json.js': nothing,
  'body-parser/lib/types/raw.js': nothing,
  'body-parser/lib/types/urlencoded.js': nothing,
  'qs/lib/index.js': nothing,
  // Decompresses bodies, which every parser of ours refuses (`inflate: false`).
  'body-parser/lib/read.js': (text) => replaceOnce(text, "require('node:zlib')", '{}'),
  // Tables of East Asian character sets, in which no client sends a body.
  'iconv-lite/encodings/dbcs-data.js': nothing,
  // Caches, cookies, mocks, web sockets and more.
  'undici/index.js': undiciInUse,
  // Runs commands that are programs of their own. It loads the sockets of Node.js.
  'commander/lib/command.js': (text) =>
    replaceOnce(text, "import childProcess from 'node:child_process';", 'const childProcess = {};'),
  // mime-types builds tables of all of it.
  'mime-db/db.json': mediaTypesInUse,
};

/** Rolldown plugin that replaces them. The build fails where one is not found: a new version has moved it. */
export function leaveOutUnused(): Plugin {
  const missing = new Set(Object.keys(REPLACEMENTS));
  return {
    name: 'leave-out-unused',
    async load(path) {
      const [, file = ''] = /.*\/node_modules\/(.*)$/.exec(path) ?? [];
      const replace = REPLACEMENTS[file];
      if (replace === undefined) return undefined;
      missing.delete(file);
      return replace(await readFile(path, 'utf8'));
    },
    buildEnd(error) {
      if (error !== undefined || missing.size === 0) return;
      throw new Error(`docker/package/unused.ts: nothing imports ${[...missing].join(', ')}; correct the list`);
    },
  };
}

/** A module without exports. */
function nothing(): string {
  return 'module.exports = {};';
}

/** What `src/backends/http-client` imports. */
export function undiciInUse(): string {
  return `module.exports = {
    Agent: require('./lib/dispatcher/agent'),
    DecoratorHandler: require('./lib/handler/decorator-handler'),
    fetch: require('./lib/web/fetch').fetch,
    ProxyAgent: require('./lib/dispatcher/proxy-agent'),
  };`;
}

/** @throws Error when the library has been rewritten */
function replaceOnce(text: string, find: string, replacement: string): string {
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`docker/package/unused.ts: expected ${find} once; correct the list`);
  return parts.join(replacement);
}

/**
 * Express looks up `html`, `text/csv` and the charset of texts. Files are never served, and every other type is written
 * in full.
 *
 * @param database the JSON of mime-db: a description for each media type
 */
export function mediaTypesInUse(database: string): string {
  const types: Readonly<Record<string, unknown>> = JSON.parse(database);
  const used = Object.entries(types).filter(([type]) => type.startsWith('text/') || type === 'application/json');
  return JSON.stringify(Object.fromEntries(used));
}
