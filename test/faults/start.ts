/** Faults in the start of the broker: what the bundle leaves out of libraries, and which modules share a file. */
import type { Fault } from './fault.ts';

const TESTS = ['test/unit/package/unused.test.ts'];
const LOADED = ['test/unit/cli/loaded-packages.test.ts'];
const CHUNKS = ['test/unit/package/start-chunks.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'start-1',
    effect: 'pages are sent as application/octet-stream by the bundle alone, and browsers download them',
    file: 'docker/package/unused.ts',
    find: "type.startsWith('text/') ||",
    replace: "type === 'text/plain' ||",
    tests: TESTS,
  },
  {
    id: 'start-2',
    effect: 'a new version of a library moves a file, and the start becomes slow again without a message',
    file: 'docker/package/unused.ts',
    find: 'if (error !== undefined || missing.size === 0) return;',
    replace: 'return;',
    tests: TESTS,
  },
  {
    id: 'start-3',
    effect: 'the route reads bodies with a parser that the bundle does not have',
    file: 'src/http/form.ts',
    find: 'express.text({ type: FORM, limit, inflate: false })',
    replace: 'express.raw({ type: FORM, limit, inflate: false })',
    tests: TESTS,
  },
  {
    id: 'start-4',
    effect: 'mime-types builds tables of all media types at each start',
    file: 'docker/package/unused.ts',
    find: "Object.entries(types).filter(([type]) => type.startsWith('text/') || type === 'application/json')",
    replace: 'Object.entries(types)',
    tests: TESTS,
  },
  {
    id: 'start-5',
    effect: 'the token endpoint decompresses bodies, which the bundle cannot',
    file: 'src/http/form.ts',
    find: ', inflate: false });',
    replace: ' });',
    tests: TESTS,
  },
  {
    id: 'start-undici',
    effect: 'requests through a proxy fail in the bundle alone, which does not have the proxy agent of undici',
    file: 'docker/package/unused.ts',
    find: "    ProxyAgent: require('./lib/dispatcher/proxy-agent'),\n",
    replace: '',
    tests: TESTS,
  },
  {
    id: 'start-6',
    effect: 'a command that needs one module of the server loads the whole server',
    file: 'docker/package/start-chunks.ts',
    find: 'return loadedBy(anchor, importsOf).difference(new Set(others));',
    replace: 'return loadedBy(anchor, importsOf).difference(new Set(others.slice(others.length)));',
    tests: CHUNKS,
  },
  {
    id: 'start-7',
    effect: 'a library that a command loads with its second step is in the file of the server',
    file: 'docker/package/start-chunks.ts',
    find: 'importsOf(id)?.dynamicallyImportedIds.forEach((next) => roots.add(next));',
    replace: 'importsOf(id)?.dynamicallyImportedIds.slice(1).forEach((next) => roots.add(next));',
    tests: CHUNKS,
  },
  {
    id: 'start-8',
    effect: '`fairlead --version` loads the HTTP server of Node.js',
    file: 'docker/package/start-chunks.ts',
    find: '|| LIGHT_PARTS.has(id)',
    replace: "|| id.startsWith('node:')",
    tests: CHUNKS,
  },
  {
    id: 'start-9',
    effect: '`fairlead --version` loads the libraries of the server',
    file: 'docker/package/start-chunks.ts',
    find: 'modules.filter((id) => [...loadedBy(id, importsOf)].every(isLight))',
    replace: 'modules.filter((id) => isLight(id))',
    tests: CHUNKS,
  },
  {
    id: 'start-10',
    effect: '`fairlead check` loads TLS where none is configured',
    file: 'src/app/tls-certificate.ts',
    find: "import { createPrivateKey, X509Certificate } from 'node:crypto';",
    replace: "import 'node:tls';\nimport { createPrivateKey, X509Certificate } from 'node:crypto';",
    tests: LOADED,
  },
  {
    id: 'start-11',
    effect: 'the flags of V8 change before the server is loaded, which then compiles Node.js anew at each start',
    file: 'src/cli/commands/serve.ts',
    find: '  const loaded = await loadBroker(path, { listen, adminListen });',
    replace: '  resources.use(boundV8Memory());\n  const loaded = await loadBroker(path, { listen, adminListen });',
    tests: ['test/e2e/compiled-code.test.ts'],
  },
];
