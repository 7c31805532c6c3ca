/** The endpoint as an HTTP server. */
import { fail, pass, skip, verdict } from '../check.ts';
import type { Check } from '../check.ts';
import { queryText } from '../exchange/encode.ts';
import { basicOf } from '../secrets.ts';
import { tokenOf, writeScope } from '../server.ts';
import type { Server } from '../server.ts';
import { allows } from '../tokens/token.ts';

const MANY_SCOPES = 200;
const SCOPE_LENGTH = 90;

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');

export const transportChecks: readonly Check[] = [
  {
    id: 'transport.tls',
    level: 'should',
    title: 'The endpoint is at https',
    source: 'go-containerregistry 0.21.4 and regclient 0.11.5 refuse http realms of https registries',
    breaks: 'Passwords cross the network in the clear; crane, cosign and regctl refuse.',
    after: [],
    run: async ({ url }) => {
      if (isLoopback(url)) return skip('the server is on this machine');
      return verdict(url.protocol === 'https:', `the URL begins with ${url.protocol}`);
    },
  },
  {
    id: 'transport.trailing-slash',
    level: 'may',
    title: 'A slash at the end of the path makes no difference',
    source: 'distribution 3.1, docs/content/about/configuration.md: autoredirectpath /auth/token/',
    breaks: 'A realm with one slash too many answers 404, or redirects and drops credentials.',
    run: async (server) => {
      const { pathname } = server.url;
      const path = pathname.endsWith('/') ? pathname.slice(0, -1) : `${pathname}/`;
      if (path === '') return skip('the path is /');
      const query = queryText([
        ['service', server.description.service],
        ['scope', writeScope(server)],
      ]);
      const { status } = await server.send({
        target: `${path}?${query}`,
        headers: { Authorization: basicOf(server.user) },
      });
      return verdict(status === 200, `${path} is answered ${status}`);
    },
  },
  {
    id: 'transport.other-methods',
    level: 'should',
    title: 'Methods other than GET and POST get no token',
    source: 'RFC 9110, section 15.5.6',
    breaks: 'A cross-site request with another method is treated as a login.',
    run: async (server) => {
      const query = queryText([['service', server.description.service]]);
      const { status } = await server.send({
        method: 'DELETE',
        query,
        headers: { Authorization: basicOf(server.user) },
      });
      return verdict(status >= 400 && status < 500, `DELETE is answered ${status}`);
    },
  },
  {
    id: 'transport.many-scopes',
    level: 'should',
    title: `A request with ${MANY_SCOPES} scopes in 18 KiB is answered 200`,
    source: 'oc-mirror; goharbor/harbor#14414: nginx answers 414; Node.js answers 431 above 16 KiB',
    breaks: 'Mirroring of many images fails.',
    after: ['scopes.granted', 'scopes.repeated', 'scopes.denied'],
    run: async (server) => {
      const scopes = Array.from({ length: MANY_SCOPES }, (_, index) => manyScope(index));
      const parameters = [...scopes, writeScope(server)].map((scope) => ['scope', scope] as const);
      const token = tokenOf(await server.get(parameters, { login: server.user }));
      if (typeof token === 'string') return fail(token);
      return verdict(grantsWritable(server, token), 'the last scope is not granted');
    },
  },
];

function manyScope(index: number): string {
  return `repository:conformance/${String(index).padStart(SCOPE_LENGTH - 28, '0')}:pull`;
}

function grantsWritable({ repositories }: Server, token: Parameters<typeof allows>[0]): boolean {
  return allows(token, 'repository', repositories.writable, 'pull');
}

export const corsChecks: readonly Check[] = [
  {
    id: 'cors.answer',
    level: 'must',
    title: 'Pages of the described origin may read answers',
    source: 'Fetch Standard, section 3.2; Joxit/docker-registry-ui#303',
    breaks: 'A registry UI in the browser cannot log in.',
    run: async (server) => {
      const { cors } = server.description.supports;
      if (cors === undefined) return skip('the server file has no supports.cors');
      const answers = await Promise.all([
        server.get([], { login: server.user, headers: { Origin: cors } }),
        server.get([], { headers: { Origin: cors, Authorization: 'Basic !!!' } }),
      ]);
      const others = answers.filter(
        ({ headers }) => !['*', cors].includes(headers['access-control-allow-origin'] ?? ''),
      );
      return verdict(
        others.length === 0,
        `Access-Control-Allow-Origin is missing or another one in the answer ${others.map(({ status }) => status).join(', ')}`,
      );
    },
  },
  {
    id: 'cors.preflight',
    level: 'must',
    title: 'A preflight of the described origin allows the header Authorization',
    source: 'Fetch Standard, section 3.2',
    breaks: 'A registry UI in the browser cannot send a password.',
    run: async (server) => {
      const { cors } = server.description.supports;
      if (cors === undefined) return skip('the server file has no supports.cors');
      const { status, headers } = await server.send({
        method: 'OPTIONS',
        headers: {
          Origin: cors,
          'Access-Control-Request-Method': 'GET',
          'Access-Control-Request-Headers': 'authorization',
        },
      });
      const allowed = headers['access-control-allow-headers'] ?? '';
      const isOk = status >= 200 && status < 300;
      return verdict(
        isOk && /\bauthorization\b/i.test(allowed),
        `the status is ${status}, and the allowed headers ${JSON.stringify(allowed)}`,
      );
    },
  },
  {
    id: 'cors.foreign-origin',
    level: 'must',
    title: 'Pages of other origins cannot read answers with stored credentials',
    source: 'Fetch Standard, section 3.2.5',
    breaks: 'Any page that a user opens can get tokens in the name of the user.',
    run: async (server) => {
      const origin = 'https://conformance.invalid';
      const { headers } = await server.get([], { headers: { Origin: origin } });
      const allowed = headers['access-control-allow-origin'];
      const withCredentials = headers['access-control-allow-credentials'] === 'true';
      if (allowed === origin && withCredentials) return fail('any origin is allowed, with credentials');
      return pass();
    },
  },
];
