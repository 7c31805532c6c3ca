/** Faults of forward-auth: another request is authorised than the one that the registry serves. */
import type { Fault } from './fault.ts';

const ROUTE = 'test/unit/core/registry-route.test.ts';
const ORACLE = 'test/integration/registry-routes.test.ts';
const ENDPOINT = 'test/unit/http/forward-auth.test.ts';
const VERIFIER = 'test/unit/platform/signing/jwt-verifier.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'forward-1',
    effect: 'a path with .. or %2f is authorised for one repository and served from another; real registries show it',
    file: 'src/core/registry-route.ts',
    find: "name.length <= MAX_NAME_LENGTH && name.split('/').every(isSegment)",
    replace: "name.length <= MAX_NAME_LENGTH && name !== ''",
    tests: [ORACLE],
  },
  {
    id: 'forward-2',
    effect: 'a mount hides the repository that it reads in a form',
    file: 'src/core/registry-route.ts',
    find: '  if (contentTypes.some(isForm)) return undefined;\n',
    replace: '',
    tests: [ROUTE],
  },
  {
    id: 'forward-3',
    effect: 'a mount reads a repository that the client may not pull from',
    file: 'src/core/registry-route.ts',
    find: "return from === into ? [] : [{ type: 'repository', name: from, actions: PULL }];",
    replace: 'return [];',
    tests: [ORACLE],
  },
  {
    id: 'forward-4',
    effect: 'of a parameter that is there twice, another value counts than at the registry',
    file: 'src/core/registry-route.ts',
    find: 'values.has(name) || ',
    replace: '',
    tests: [ORACLE],
  },
  {
    id: 'forward-5',
    effect: 'anybody may ask about requests that nobody has sent, and try tokens and passwords there',
    file: 'src/http/forward-auth/endpoint.ts',
    find: '!deps.isTrustedProxy(request.socket.remoteAddress)',
    replace: '!deps.isTrustedProxy(request.socket.remoteAddress) && deps.services.size === 0',
    tests: [ENDPOINT],
  },
  {
    id: 'forward-6',
    effect: 'a client chooses which request is authorised, by a header that its proxy does not set',
    file: 'src/http/forward-auth/proxied-request.ts',
    find: '!names.includes(name) && valuesOf(request, name).length > 0',
    replace: '!names.includes(name) && valuesOf(request, name).length > 1',
    tests: [ENDPOINT],
  },
  {
    id: 'forward-7',
    effect: 'a header that is there twice is read as one value',
    file: 'src/http/forward-auth/proxied-request.ts',
    find: 'values.length === 1 ? values[0] : undefined',
    replace: 'values[0]',
    tests: [ENDPOINT],
  },
  {
    id: 'forward-8',
    effect: 'a cached token never expires',
    file: 'src/platform/signing/jwt-verifier.ts',
    find: 'const flaw = this.#flawOf(token, now);',
    replace: 'const flaw = cached === undefined ? this.#flawOf(token, now) : undefined;',
    tests: [VERIFIER],
  },
  {
    id: 'forward-9',
    effect: 'a token for one registry opens all of them',
    file: 'src/platform/signing/jwt-verifier.ts',
    find: "    if (audience !== this.#audience) return 'it is for another service';\n",
    replace: '',
    tests: [VERIFIER],
  },
  {
    id: 'forward-10',
    effect: 'a key whose certificate has expired signs tokens, where an authority certifies keys',
    file: 'src/platform/signing/certified-key.ts',
    find: 'return isCurrent ? path.chain[0]?.publicKey : undefined;',
    replace: 'return path.chain[0]?.publicKey;',
    tests: [VERIFIER],
  },
  {
    id: 'forward-11',
    effect: 'a docker with a password never sends it, because /v2/ is open where anonymous may pull',
    file: 'src/http/forward-auth/endpoint.ts',
    find: "if (route.kind === 'ping' && authorization === undefined) {",
    replace: "if (route.kind === 'open' && authorization === undefined) {",
    tests: [ENDPOINT],
  },
];
