/** Faults with registries, their clients and the importers. */
import type { Fault } from './fault.ts';

const BROWSER = 'test/unit/http/browser.test.ts';
const APP = 'test/unit/http/app.test.ts';
const ADDRESS = 'test/unit/http/client-address.test.ts';
const ZOT = 'test/unit/migrate/zot.test.ts';
const SOURCE = 'test/unit/migrate/docker-auth-source.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'registries-1',
    effect: 'every web page may read the answers to logins with the credentials that the browser has stored',
    file: 'src/http/cors.ts',
    find: "if (!isAny) response.setHeader('Access-Control-Allow-Credentials', 'true');",
    replace: "response.setHeader('Access-Control-Allow-Credentials', 'true');",
    tests: [BROWSER],
  },
  {
    id: 'registries-2',
    effect: 'a page of an origin that is not listed may request tokens',
    file: 'src/http/cors.ts',
    find: '(!isAny && !origins.includes(origin))',
    replace: '(!isAny && origins.length === 0)',
    tests: [BROWSER],
  },
  {
    id: 'registries-3',
    effect: 'a client chooses its address by a header that the proxy does not set',
    file: 'src/http/client-address.ts',
    find: 'const value = headers[header];',
    replace: "const value = headers[header] ?? headers['x-forwarded-for'];",
    tests: [ADDRESS],
  },
  {
    id: 'registries-4',
    effect: 'a token request without a service gets a token for the first of several services',
    file: 'src/http/token.ts',
    find: "name === '' && others.length === 0 ? only : services.get(name)",
    replace: "name === '' ? only : services.get(name)",
    tests: [APP],
  },
  {
    id: 'registries-5',
    effect: 'pages for operators are reachable below the public path, through a proxy that serves only this path',
    file: 'src/http/public-path.ts',
    find: "below !== undefined && isServed(below.replace(/[?#].*$/s, ''))",
    replace: 'below !== undefined',
    tests: [BROWSER],
  },
  {
    id: 'registries-6',
    effect: 'a token for the catalog lives as long as one for a push',
    file: 'src/core/token.ts',
    find: "asked.type !== 'registry' && ",
    replace: '',
    tests: ['test/unit/flows/grant-token-lifetime.test.ts'],
  },
  {
    id: 'registries-7',
    effect: 'the log does not say that a stored password ends with a line break',
    file: 'src/http/request-hints.ts',
    find: 'has((text) => /[\\r\\n]/.test(text))',
    replace: 'has((text) => text === "")',
    tests: ['test/unit/http/request-hints.test.ts'],
  },
  {
    id: 'registries-8',
    effect: 'the doctor finds nothing wrong with a proxy that removes the Authorization header',
    file: 'src/app/doctor/registry-client.ts',
    find: 'return response.status === 200 || response.status === 401 ? false : undefined;',
    replace: 'return undefined;',
    tests: ['test/unit/app/doctor.test.ts'],
  },
  {
    id: 'registries-9',
    effect: 'an adminPolicy with conditions is imported from zot without its conditions',
    file: 'src/migrate/zot/access-control.ts',
    find: "admin === undefined || isConditional(admin.value, 'adminPolicy', report)",
    replace: 'admin === undefined',
    tests: [ZOT],
  },
  {
    id: 'registries-10',
    effect: 'an import of zot drops keys that it does not know, and says that everything was converted',
    file: 'src/migrate/shape.ts',
    find: "if (inner === undefined) report('lost', line, `${where}: this importer does not know the key`);",
    replace: 'if (inner === undefined) continue;',
    tests: [ZOT],
  },
  {
    id: 'registries-11',
    effect: 'an import of htpasswd brings back a password that was replaced',
    file: 'src/migrate/htpasswd.ts',
    find: '    users.delete(name);\n',
    replace: '    if (users.has(name)) continue;\n',
    tests: ['test/unit/migrate/htpasswd.test.ts'],
  },
  {
    id: 'registries-12',
    effect: 'an import of docker_auth writes a configuration without rules from a file of another program',
    file: 'src/migrate/docker-auth/source.ts',
    find: 'if (!isDockerAuth(source.root)) throw',
    replace: 'if (source.root.kind === "list") throw',
    tests: [SOURCE],
  },
  {
    id: 'registries-13',
    effect: 'two users whose names differ only in case share a namespace, and lint is silent',
    file: 'src/core/policy/lint/folded-names.ts',
    find: 'if (affected.length < 2) return [];',
    replace: 'if (affected.length < 9) return [];',
    tests: ['test/unit/core/policy/lint/folded-names.test.ts'],
  },
  {
    id: 'registries-14',
    effect: 'scopes above the maximum are left out of the token, and the client gets no error',
    file: 'src/core/scope.ts',
    find: 'merged.size > MAX_SCOPES || malformed.length > MAX_SCOPES',
    replace: 'malformed.length > MAX_SCOPES',
    tests: ['test/unit/core/scope.test.ts'],
  },
  {
    id: 'registries-15',
    effect: 'every client chooses its address by a header of the PROXY protocol',
    file: 'src/http/proxy-protocol.ts',
    find: 'if (!isTrustedProxy(socket.remoteAddress)) return serve(socket);',
    replace: 'void isTrustedProxy;',
    tests: ['test/unit/http/proxy-protocol.test.ts'],
  },
];
