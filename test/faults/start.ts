/** Faults in the start of the broker: what the bundle leaves out of libraries. */
import type { Fault } from './fault.ts';

const TESTS = ['test/unit/package/unused.test.ts'];

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
    file: 'src/http/token.ts',
    find: "express.text({ type: FORM, limit: '64kb', inflate: false })",
    replace: "express.raw({ type: FORM, limit: '64kb', inflate: false })",
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
    file: 'src/http/token.ts',
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
];
