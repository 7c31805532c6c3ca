/** Faults of the API for operators and of the control socket. */
import type { Fault } from './fault.ts';

const API_TEST = 'test/unit/http/api/api.test.ts';
const SOCKET = 'src/platform/control-socket.ts';
const SOCKET_TEST = 'test/unit/platform/control-socket.test.ts';
const GOLDEN = 'test/golden/openapi.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'api-1',
    effect: 'a token with the limit admin may do everything at the API, although its owner is no administrator',
    file: 'src/flows/api-access.ts',
    find: "return limit === 'admin' && own === 'admin' ? 'admin' : 'read';",
    replace: 'return limit;',
    tests: ['test/unit/flows/api-access.test.ts'],
  },
  {
    id: 'api-2',
    effect: 'a personal token without a limit for the API may use it',
    file: 'src/flows/api-access.ts',
    find: 'if (limit === undefined || own === undefined) return undefined;',
    replace: 'if (own === undefined) return undefined;',
    tests: ['test/unit/flows/api-access.test.ts'],
  },
  {
    id: 'api-3',
    effect: 'a leaked personal token makes more tokens, for any user',
    file: 'src/http/api/token-operations.ts',
    find: "access: 'operator',",
    replace: "access: 'admin',",
    tests: [API_TEST],
  },
  {
    id: 'api-4',
    effect: 'a web page that a browser of an administrator shows can send requests to the API',
    file: 'src/http/api/api.ts',
    find: 'if (headers.origin !== undefined || (',
    replace: 'if ((',
    tests: [API_TEST],
  },
  {
    id: 'api-5',
    effect: 'whoever reads the log at level debug finds tokens that were sent in a body that is no JSON',
    file: 'src/http/api/request.ts',
    find: `  } catch {
    // The message of the parser quotes the text, which may have a token in it.
    throw refused([{ field: 'body', message: 'expected JSON' }]);`,
    replace: `  } catch (error) {
    throw new ApiProblem('invalid-request', { fields: [{ field: 'body', message: 'expected JSON' }], cause: error });`,
    tests: [API_TEST],
  },
  {
    id: 'api-6',
    effect: 'without a token, an answer shows which operations there are',
    file: 'src/http/api/api.ts',
    find: `      const caller = await deps.authenticate(request, context);
      const id = operationOf(request, response);`,
    replace: `      const id = operationOf(request, response);
      const caller = await deps.authenticate(request, context);`,
    tests: [API_TEST],
  },
  {
    id: 'api-7',
    effect: 'an answer shows fields of stored records that the API does not describe',
    file: 'src/http/api/api.ts',
    find: 'const answer = operation.answer.parse(await handler(input, context));',
    replace: 'const answer = await handler(input, context);',
    tests: [API_TEST],
  },
  {
    id: 'api-8',
    effect: 'a misspelt field of a request is ignored: a flush of one backend flushes all',
    file: 'src/http/api/broker-operations.ts',
    find: '.strictObject({ backend: name.optional()',
    replace: '.object({ backend: name.optional()',
    tests: [API_TEST],
  },
  {
    id: 'api-9',
    effect: 'a client of the last release does not find a field of an answer any more',
    file: 'src/http/api/broker-operations.ts',
    find: '    uptimeSeconds: z.int().min(0),\n',
    replace: '',
    tests: [GOLDEN],
  },
  {
    id: 'api-10',
    effect: 'requests of clients of the last release are refused, because a new field is required',
    file: 'src/http/api/broker-operations.ts',
    find: 'body: z.strictObject({ backend: name })',
    replace: 'body: z.strictObject({ backend: name, reason: name })',
    tests: [GOLDEN],
  },
  {
    id: 'api-11',
    effect: 'a client of the last release asks for an operation that has moved',
    file: 'src/http/api/policy-operations.ts',
    find: "path: '/policy/who-can',",
    replace: "path: '/policy/whocan',",
    tests: [GOLDEN],
  },
  {
    id: 'api-12',
    effect: 'a client of the last release gets a state of a key that has another name',
    file: 'src/http/api/broker-operations.ts',
    find: "'retired', 'issuing', 'published'",
    replace: "'retired', 'certifying', 'published'",
    tests: [GOLDEN],
  },
  {
    id: 'api-13',
    effect: 'an answer about who may do something is about a policy that is not in force',
    file: 'src/app/api/policy-handlers.ts',
    find: 'if (answer.policyRevision !== revision) {',
    replace: "if (answer.policyRevision === '') {",
    tests: ['test/unit/app/api/policy-handlers.test.ts'],
  },
  {
    id: 'api-14',
    effect: 'a command at a broker of an older version says that the broker does not answer',
    file: SOCKET,
    find: "if (code.startsWith('HPE_')) return 'older';",
    replace: '',
    tests: [SOCKET_TEST],
  },
  {
    id: 'api-15',
    effect: 'a broker with a frozen client of its control socket never ends',
    file: SOCKET,
    find: 'server.closeAllConnections()',
    replace: 'server.closeIdleConnections()',
    tests: [SOCKET_TEST],
  },
  {
    id: 'api-16',
    effect: 'after an account ends, its cached logins still count for a minute',
    file: 'src/app/api/token-handlers.ts',
    find: 'await endLogins?.();',
    replace: '',
    tests: ['test/unit/app/api/token-handlers.test.ts'],
  },
  {
    id: 'api-17',
    effect: 'a broker gives out a signed token again for a token that another broker has revoked',
    file: 'src/app/api/token-handlers.ts',
    find: '  onRevoked();\n  try {',
    replace: '  try {',
    tests: ['test/unit/app/api/token-handlers.test.ts'],
  },
  {
    id: 'api-18',
    effect: 'whoever may read the API stops all logins by asking about many scopes of a large policy',
    file: 'src/app/api/policy-handlers.ts',
    find: '    await timer.turn();\n',
    replace: '',
    tests: ['test/unit/app/api/policy-handlers.test.ts'],
  },
];
